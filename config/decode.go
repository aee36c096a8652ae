package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
)

// decoder fills Go values from nodes and goes on after each fault, so that all of them are reported.
type decoder struct {
	problems *Problems
	kinds    map[string]Kind
}

// wrong reports a value of the wrong form.
func (d *decoder) wrong(n *node, path, want string) {
	d.malformed(n, path, "", fmt.Sprintf("must be %s, not %s", want, n.form))
}

func (d *decoder) malformed(n *node, path, mend, message string) {
	if d.problems.to.isMalformed(path) {
		return
	}
	d.problems.to.faultAt(d.problems.to.place(n, path), path, mend, message)
	d.problems.to.malformed[path] = true
}

// value decodes one value. Nothing at all leaves groups and lists as they are; a plain field needs a value.
func (d *decoder) value(n *node, v reflect.Value, path string) {
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		d.text(n, text, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		d.pointer(n, v, path)
	case reflect.Struct:
		d.fields(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Interface:
		if plain := d.plain(n); plain != nil {
			v.Set(reflect.ValueOf(plain))
		}
	default:
		d.scalar(n, v, path)
	}
}

// empty reports a plain field without a value.
func (d *decoder) empty(n *node, path string) {
	d.malformed(n, path, "give one or remove the line", "has no value")
}

func (d *decoder) text(n *node, into encoding.TextUnmarshaler, path string) {
	switch {
	case n.form == formNull:
		d.empty(n, path)
	case !n.scalar():
		d.wrong(n, path, string(formText))
	default:
		if err := into.UnmarshalText([]byte(n.text)); err != nil {
			d.malformed(n, path, "", err.Error())
		}
	}
}

func (d *decoder) pointer(n *node, v reflect.Value, path string) {
	if n.form == formNull {
		return
	}
	if v.IsNil() {
		v.Set(reflect.New(v.Type().Elem()))
	}
	d.value(n, v.Elem(), path)
}

func (d *decoder) list(n *node, v reflect.Value, path string) {
	switch n.form {
	case formNull:
		return
	case formList:
	default:
		mend := ""
		if n.scalar() {
			mend = "put it in brackets: [ ]"
		}
		d.malformed(n, path, mend, fmt.Sprintf("must be a list, not %s", n.form))
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		at := element(path, i)
		if item.form == formNull {
			d.empty(item, at)
			continue
		}
		d.value(item, list.Index(i), at)
	}
	v.Set(list)
}

func (d *decoder) mapping(n *node, v reflect.Value, path string) {
	switch n.form {
	case formNull:
		return
	case formFields:
	default:
		d.wrong(n, path, string(formFields))
		return
	}
	entries := reflect.MakeMap(v.Type())
	for _, p := range n.pairs {
		entry := reflect.New(v.Type().Elem()).Elem()
		d.value(p.value, entry, join(path, Key(p.key)))
		entries.SetMapIndex(reflect.ValueOf(p.key).Convert(v.Type().Key()), entry)
	}
	v.Set(entries)
}

func (d *decoder) scalar(n *node, v reflect.Value, path string) {
	if n.form == formNull {
		d.empty(n, path)
		return
	}
	if !n.scalar() {
		d.wrong(n, path, want(v.Kind()))
		return
	}
	switch v.Kind() {
	case reflect.String:
		if envReference.MatchString(n.text) {
			d.malformed(n, path, "write the value itself", "cannot come from the environment; only secrets can")
			return
		}
		v.SetString(n.text)
	case reflect.Bool:
		if n.form != formBool {
			d.wrong(n, path, want(v.Kind()))
			return
		}
		v.SetBool(n.text == "true" || n.text == "True" || n.text == "TRUE")
	default:
		d.number(n, v, path)
	}
}

func (d *decoder) number(n *node, v reflect.Value, path string) {
	var err error
	switch {
	case n.form != formInt && (n.form != formFloat || !v.CanFloat()):
		d.wrong(n, path, want(v.Kind()))
	case v.CanInt():
		var x int64
		x, err = strconv.ParseInt(n.text, 0, v.Type().Bits())
		v.SetInt(x)
	case v.CanUint():
		var x uint64
		x, err = strconv.ParseUint(n.text, 0, v.Type().Bits())
		v.SetUint(x)
	case v.CanFloat():
		var x float64
		x, err = strconv.ParseFloat(n.text, v.Type().Bits())
		v.SetFloat(x)
	}
	if err != nil {
		d.malformed(n, path, "", "is not a number of the size it can have")
	}
}

// want names the form a Go value of the kind is written in.
func want(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return string(formBool)
	case reflect.String:
		return string(formText)
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return string(formInt)
	}
}

// plain returns a value as maps, slices, strings, numbers and booleans.
func (d *decoder) plain(n *node) any {
	switch n.form {
	case formFields:
		m := make(map[string]any, len(n.pairs))
		for _, p := range n.pairs {
			m[p.key] = d.plain(p.value)
		}
		return m
	case formList:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = d.plain(item)
		}
		return list
	case formBool:
		return n.text == "true" || n.text == "True" || n.text == "TRUE"
	case formInt:
		if x, err := strconv.ParseInt(n.text, 0, 64); err == nil {
			return x
		}
		return n.text
	case formFloat:
		if x, err := strconv.ParseFloat(n.text, 64); err == nil {
			return x
		}
		return n.text
	case formText:
		return n.text
	default:
		return nil
	}
}
