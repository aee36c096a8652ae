package config

import (
	"errors"
	"maps"
	"slices"

	"github.com/accessbridge/accessbridge/bridge/text"
)

// textsMend is where fields and functions of templates are listed.
const textsMend = "see docs/texts.md"

// texts reports templates of texts that do not exist, and faults in those of texts that do.
func texts(p *Problems, templates map[string]string) {
	known := text.Names()
	for _, name := range slices.Sorted(maps.Keys(templates)) {
		if !slices.Contains(known, name) {
			p.Add(Key(name), suggestion(name, known), "there is no such text")
			continue
		}
		if err := text.Check(name, templates[name]); err != nil {
			p.template(Key(name), templates[name], err)
		}
	}
}

// Template reports a fault in a template that has to write something, tried over samples of what it will see. An empty one is left to its
// default.
func (p *Problems) Template(path, source string, parse func(string) (*text.Template, error), samples ...any) {
	if source == "" {
		return
	}
	parsed, err := parse(source)
	if err == nil {
		err = parsed.TryText(samples...)
	}
	if err != nil {
		p.template(path, source, err)
	}
}

// template reports a fault in a template at its place in the file.
func (p *Problems) template(path, source string, err error) {
	if fault, ok := errors.AsType[*text.Error](err); ok {
		p.AddInside(path, source, fault.Line, fault.Column, textsMend, "%s", fault.Message)
		return
	}
	p.Add(path, textsMend, "%v", err)
}
