package standintest

// Object is a JSON object that is walked by names: At("incident", "service", "id").
type Object map[string]any

// At is the value at the end of the path, or nil.
func (o Object) At(path ...string) any {
	var v any = map[string]any(o)
	for _, name := range path {
		m, isMap := v.(map[string]any)
		if !isMap {
			return nil
		}
		v = m[name]
	}
	return v
}

// Rows are the objects of a list.
func (o Object) Rows(name string) []Object {
	list, _ := o[name].([]any)
	out := make([]Object, 0, len(list))
	for _, v := range list {
		row, _ := v.(map[string]any)
		out = append(out, row)
	}
	return out
}

// Each collects one value of every row.
func Each(rows []Object, path ...string) []any {
	out := []any{}
	for _, row := range rows {
		out = append(out, row.At(path...))
	}
	return out
}
