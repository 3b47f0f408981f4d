package main

import (
	"slices"

	"bellhop/bot/actions"
	"bellhop/rules"
)

// factsSchema is a variable as a test says it: its facts, or one plain value. What a fact may be is for ReadTests to say; here are
// their names and what they tell, which editors complete and show.
func factsSchema(variable string) schema {
	properties := schema{}
	all := rules.Schema()
	i := slices.IndexFunc(all, func(v rules.Variable) bool { return v.Name == variable })
	for _, f := range all[i].Facts {
		if f.Name != "kind" {
			properties[f.Name] = schema{"description": f.Doc}
		}
	}
	return schema{"type": []string{"object", "string"}, "additionalProperties": false, "properties": properties}
}

// expectedSchema is what a test expects the bot to do: an action by its name, with a plain value or not; a table as under then; a
// list of these. A table need not be whole: what is not written may be anything.
func expectedSchema() schema {
	properties := schema{}
	for _, k := range actions.All {
		if !k.Publishes() {
			properties[k.Name] = schema{"description": k.Summary}
		}
	}
	one := schema{"type": []string{"string", "object"}, "additionalProperties": false, "properties": properties}
	return schema{"type": []string{"string", "object", "array"}, "additionalProperties": false, "properties": properties, "items": one}
}
