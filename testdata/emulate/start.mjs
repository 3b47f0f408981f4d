// Starts npm's emulate as a GitHub, from a seed in JSON on standard input: { port, entry, seed }. It prints "ready" when it
// listens and ends when standard input does.
import { pathToFileURL } from "node:url";
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin });
lines.once("line", async (line) => {
  const { port, entry, seed } = JSON.parse(line);
  const { createEmulator } = await import(pathToFileURL(entry).href);
  await createEmulator({ service: "github", port, hostname: "127.0.0.1", baseUrl: `http://127.0.0.1:${port}`, seed });
  console.log("ready");
});
lines.once("close", () => process.exit(0));
