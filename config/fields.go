package config

import (
	"fmt"
	"reflect"
	"strings"
)

// field is one key a struct can be written with.
type field struct {
	key   string
	index []int
	// later marks fields whose type depends on other fields; they are decoded afterwards.
	later bool
}

// fieldsOf returns the keys of a struct by its yaml tags, those of embedded structs included.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for f := range t.Fields() {
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case key == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case f.Type.Kind() == reflect.Struct && (options == "inline" || f.Anonymous && key == ""):
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{f.Index[0]}, inner.index...)
				fields = append(fields, inner)
			}
			continue
		case key == "":
			key = strings.ToLower(f.Name)
		}
		fields = append(fields, field{key: key, index: f.Index, later: f.Type == reflect.TypeFor[Settings]()})
	}
	return fields
}

// fields decodes a group of keys into a struct and reports those that the struct does not have. A target may have more, see
// decoder.target.
func (d *decoder) fields(n *node, v reflect.Value, path string) {
	switch n.form {
	case formNull:
		return
	case formFields:
	default:
		d.malformed(n, path, "its keys are "+strings.Join(keysOf(fieldsOf(v.Type())), ", "), fmt.Sprintf("must be %s, not %s", formFields, n.form))
		return
	}
	open := v.Type() == reflect.TypeFor[Target]()
	known := fieldsOf(v.Type())
	for _, p := range n.pairs {
		at := join(path, Key(p.key))
		f := find(known, p.key)
		switch {
		case f != nil && !f.later:
			d.value(p.value, v.FieldByIndex(f.index), at)
		case f == nil && !open:
			d.unknown(p, n, path, known)
		}
	}
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

func find(fields []field, key string) *field {
	for i := range fields {
		if fields[i].key == key {
			return &fields[i]
		}
	}
	return nil
}

// unknown reports a key that does not exist. If it is a misspelt one, that one is not also reported as missing.
func (d *decoder) unknown(p pair, in *node, path string, known []field) {
	keys := keysOf(known)
	d.problems.to.faultAt(p.at, join(path, Key(p.key)), suggestion(p.key, keys), "there is no such key")
	if meant := Nearest(p.key, keys); meant != "" && in.get(meant) == nil {
		d.problems.to.malformed[join(path, Key(meant))] = true
	}
}

// config decodes the whole file.
func (d *decoder) config(root *node, c *Config) {
	d.fields(root, reflect.ValueOf(c).Elem(), "")
	list := root.get("integrations")
	for i := range c.Integrations {
		d.integration(list.item(i), &c.Integrations[i], element("integrations", i))
	}
	routes := root.get("routes")
	for i := range c.Routes {
		targets := routes.item(i).get("targets")
		for j := range c.Routes[i].Targets {
			path := element(element("routes", i)+".targets", j)
			d.target(targets.item(j), &c.Routes[i].Targets[j], path, c.Integrations)
		}
	}
}

// integration decodes the settings of an integration by its type. A type that is not known is left to the checks.
func (d *decoder) integration(n *node, i *Integration, path string) {
	kind, ok := d.kinds[i.Type]
	if !ok {
		return
	}
	i.Config = kind.Settings()
	if settings := n.get("config"); settings != nil {
		d.value(settings, reflect.ValueOf(i.Config).Elem(), path+".config")
	}
}

// target decodes the keys of a target besides integration into the type's own settings. Of an integration that is not known
// they cannot be judged; the checks report the integration.
func (d *decoder) target(n *node, t *Target, path string, integrations []Integration) {
	if n == nil || n.form != formFields {
		return
	}
	typ := ""
	for _, i := range integrations {
		if i.Name == t.Integration {
			typ = i.Type
		}
	}
	own := fieldsOf(reflect.TypeFor[Target]())
	kind, ok := d.kinds[typ]
	if !ok {
		for _, p := range n.pairs {
			if find(own, p.key) == nil && Nearest(p.key, []string{"integration"}) != "" {
				d.unknown(p, n, path, own)
			}
		}
		return
	}
	settings := reflect.ValueOf(&struct{}{})
	if kind.Target != nil {
		t.Settings = kind.Target()
		settings = reflect.ValueOf(t.Settings)
	}
	rest := &node{form: formFields, at: n.at}
	for _, p := range n.pairs {
		if find(own, p.key) == nil {
			rest.pairs = append(rest.pairs, p)
		}
	}
	d.fields(rest, settings.Elem(), path)
}
