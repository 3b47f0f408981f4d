// Bellhop answers GitHub's bell: a GitHub App that runs the rules which repositories write in .github/bot.toml.
//
// The tour of the code is in the documentation of package bot.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// Exit codes. check uses exitFindings for files with mistakes.
const (
	exitGood     = 0
	exitFindings = 1
	exitMisuse   = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// commands are what the command line may say.
type commands struct {
	LogLevel  string `help:"How much to log: debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"BELLHOP_LOG_LEVEL"`
	LogFormat string `help:"How to log: text, json, or auto for text on a terminal." enum:"auto,text,json" default:"auto" env:"BELLHOP_LOG_FORMAT"`

	Demo    demoCommand    `cmd:"" help:"Show everything on this machine, against a stand-in for GitHub. Needs no account."`
	Serve   serveCommand   `cmd:"" help:"Run the bot."`
	Backup  backupCommand  `cmd:"" help:"Copy the database to a new file, also while the bot runs."`
	Check   checkCommand   `cmd:"" help:"Look for mistakes in rule files."`
	Test    testCommand    `cmd:"" help:"Run the tests of rule files, without network."`
	Expand  expandCommand  `cmd:"" help:"Print the ordinary rules that the presets of a rule file stand for."`
	Import  importCommand  `cmd:"" help:"Print the rules that the configurations of other bots stand for: labeler, stale, Mergify, Kodiak and others."`
	Help    helpCommand    `cmd:"" help:"Explain an action, a matcher, an event, a fact or a function of the rules; or list them all."`
	Schema  schemaCommand  `cmd:"" help:"Print the JSON Schema of rule files, for editors."`
	Health  healthCommand  `cmd:"" help:"Ask the bot on this machine whether it is alive, for container health checks."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// console is where a command prints. log goes to err.
type console struct {
	out, err io.Writer
	log      *slog.Logger
}

// exitCode ends a command with this code. What there is to say was said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit %d", int(c)) }

// run is main with its surroundings handed in.
func run(args []string, stdout, stderr io.Writer) (code int) {
	// kong ends the program after --help by calling Exit.
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exitCode:
			code = int(r)
		default:
			panic(r)
		}
	}()
	var c commands
	parser, err := kong.New(&c, kong.Name("bellhop"),
		kong.Description("Bellhop is a GitHub App that runs the rules which repositories write in .github/bot.toml."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { panic(exitCode(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.ShortUsageOnError())
	if err != nil {
		panic(err)
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "bellhop: %v\nRun `bellhop --help` for what there is.\n", err)
		return exitMisuse
	}
	err = ctx.Run(&console{out: stdout, err: stderr, log: c.logger(stderr)})
	var said exitCode
	if errors.As(err, &said) {
		return int(said)
	}
	if err != nil {
		fmt.Fprintf(stderr, "bellhop: %v\n", err)
		return exitFindings
	}
	return exitGood
}

// logger writes structured logs to w: for people on a terminal, for machines elsewhere.
func (c *commands) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		panic(err) // kong let no other through
	}
	o := &slog.HandlerOptions{Level: level}
	f, isFile := w.(*os.File)
	if c.LogFormat == "text" || c.LogFormat == "auto" && isFile && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}
