package audit

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"

	"github.com/accessbridge/accessbridge/bridge"
)

// fill sets every field, so that a line shows every member there is.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 10, 2, 9, 30, 0, 0, time.UTC)))
			return
		}
		for _, f := range v.Fields() {
			fill(f)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint64:
		v.SetUint(1)
	default:
		panic("a kind of field that the schema did not have before: " + v.Kind().String())
	}
}

// keys lists the members of a line with their paths, in order.
func keys(t reflect.Type, path string) []string {
	var all []string
	for f := range t.Fields() {
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := path
		if key != "" {
			at = strings.TrimPrefix(path+"."+key, ".")
			if inner == reflect.TypeFor[bridge.Evidence]() && key == "support" {
				all = append(all, at)
				continue
			}
			all = append(all, at)
		}
		if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Time]() {
			all = append(all, keys(inner, at)...)
		}
	}
	return all
}

// The schema is a promise to everything that reads the record. Members may be added; when one is renamed, moved or removed, or means
// something else, Version has to be raised.
func TestSchemaOfALine(t *testing.T) {
	t.Parallel()
	var l Line
	fill(reflect.ValueOf(&l).Elem())
	text, _, err := position{seq: 41, hash: strings.Repeat("0", 64)}.seal(l)
	require.NoError(t, err)
	golden.Assert(t, string(text), "line.golden")
	back, err := parse(text[:len(text)-1])
	require.NoError(t, err)
	require.Equal(t, "x", back.RequestID)
	require.Equal(t, l.Support, back.Support)
}

func TestEveryMemberIsDocumented(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../../docs/audit.md")
	require.NoError(t, err)
	found := keys(reflect.TypeFor[Line](), "")
	require.Contains(t, found, "evidence.object.id")
	require.Contains(t, found, "evidence.delivery_id")
	for _, key := range found {
		require.Contains(t, string(docs), "| `"+key+"` |", "docs/audit.md describes each member")
	}
	for _, outcome := range []string{
		bridge.OutcomeApplied, bridge.OutcomeRecorded, bridge.OutcomeRefused, bridge.OutcomeFailed, bridge.OutcomeDryRun, bridge.OutcomeDrift,
	} {
		require.Contains(t, string(docs), "| `"+outcome+"` |")
	}
}

// Whoever wants to verify without this program needs no more than SHA-256 and the line as it stands.
func TestHashIsOverTheBytesBeforeIt(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.add("one", "two")
	prev := hashOf(nil)
	for _, text := range r.lines() {
		text = strings.TrimSuffix(text, "\n")
		body, _, ok := strings.Cut(text, `,"hash":"`)
		require.True(t, ok)
		var l struct{ Prev, Hash string }
		require.NoError(t, json.Unmarshal([]byte(text), &l))
		require.Equal(t, prev, l.Prev)
		require.Equal(t, hashOf([]byte(body)), l.Hash)
		prev = l.Hash
	}
}
