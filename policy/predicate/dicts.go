package predicate

import "slices"

func makeDict(r *run, args []any) (any, error) {
	pairs, err := all[pair](args)
	if err != nil {
		return nil, err
	}
	out := dict{}
	for _, p := range pairs {
		if err := r.charge(entryCost + len(p.key)); err != nil {
			return nil, err
		}
		out[p.key] = p.value
	}
	return out, nil
}

func put(r *run, args []any) (any, error) {
	d, key, err := keyed(args)
	if err != nil {
		return nil, err
	}
	value, err := as[set](args[2])
	if err != nil {
		return nil, err
	}
	if err := r.chargeDict(d); err != nil {
		return nil, err
	}
	out := d.clone()
	out[key] = value
	return out, nil
}

func addValues(r *run, args []any) (any, error) {
	d, key, err := keyed(args)
	if err != nil {
		return nil, err
	}
	values, err := all[string](args[2:])
	if err != nil {
		return nil, err
	}
	if err := r.chargeDict(d); err != nil {
		return nil, err
	}
	if err := r.chargeAll(d[key]); err != nil {
		return nil, err
	}
	out := d.clone()
	out[key] = slices.Concat(d[key], values)
	return out, nil
}

func removeKeys(r *run, args []any) (any, error) {
	d, err := as[dict](args[0])
	if err != nil {
		return nil, err
	}
	keys, err := all[string](args[1:])
	if err != nil {
		return nil, err
	}
	if err := r.chargeDict(d); err != nil {
		return nil, err
	}
	out := d.clone()
	for _, key := range keys {
		delete(out, key)
	}
	return out, nil
}

func keyed(args []any) (d dict, key string, err error) {
	if d, err = as[dict](args[0]); err != nil {
		return nil, "", err
	}
	key, err = as[string](args[1])
	return d, key, err
}
