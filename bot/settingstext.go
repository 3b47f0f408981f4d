package bot

import "reflect"

// SettingsTable is one table of the operator's file, for texts and schemas. syntax.Fields lists its keys.
type SettingsTable struct {
	Name, Doc string
	Type      reflect.Type
}

// SettingsTables lists the tables of the operator's file, those of rules aside.
func SettingsTables() []SettingsTable {
	var out []SettingsTable
	for _, f := range reflect.VisibleFields(reflect.TypeFor[file]()) {
		out = append(out, SettingsTable{f.Tag.Get("toml"), f.Tag.Get("doc"), f.Type})
	}
	return append(out, SettingsTable{policyTable, "What the rule files of repositories and accounts may not do.", reflect.TypeFor[policyFile]()})
}
