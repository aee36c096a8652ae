package jira

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// collect reads the members of an object; false where the text is broken or goes on behind it.
func collect(text string) (map[string]string, bool) {
	out := map[string]string{}
	s := scanner{text: []byte(text)}
	s.object(func(name []byte) { out[string(name)] = string(s.value()) })
	return out, !s.broken && s.next() == 0
}

func TestMembersAreReadAsTheyAreWritten(t *testing.T) {
	read, ok := collect("\r\n\t {\"a\":\"x\" , \"b\" : -1.5e3,\"c\":{\"a\": [1, {\"}\": \"]\"}]},\"d\":[ ], \"e\":null,\"f\\\"\":true,\"g\":\"\\\\\",\"\":\"\\\"}\" } ")
	require.True(t, ok)
	require.Equal(t, map[string]string{
		"a": `"x"`, "b": `-1.5e3`, "c": `{"a": [1, {"}": "]"}]}`, "d": `[ ]`, "e": `null`, `f\"`: `true`, "g": `"\\"`, "": `"\"}"`,
	}, read)
	read, ok = collect(` { } `)
	require.True(t, ok)
	require.Empty(t, read)
}

func TestTextsThatAreNotInJSONAreBroken(t *testing.T) {
	for _, text := range []string{
		`{`, `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":"`, `{"a":"\"}`, `{"a":[`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{1:2}`, `{:}`, `{,}`, `{"a" 1}`,
		`{"a":1 "b":2}`, `{"a":}`, `{}}`, `{}{}`, `{} x`, `x`, `[`, `null`, `[{"a":1}]`,
	} {
		_, ok := collect(text)
		require.False(t, ok, text)
	}
}

func TestWhatIsNotReadIsPassedOver(t *testing.T) {
	s := scanner{text: []byte(`{"no":{"x":"1"},"in": {"no":[{"x":"2"}],"x": "3","nor":4} ,"nor": {"x":"5"},"seen": {"x":"6"}, "x":"7"}`)}
	var read []string
	s.object(func(name []byte) {
		switch string(name) {
		case "in":
			s.object(func(name []byte) {
				if string(name) == "x" {
					read = append(read, string(s.value()))
				}
			})
		case "nor":
			s.object(func([]byte) {})
		case "seen":
			require.EqualValues(t, '{', s.next())
		}
	})
	require.False(t, s.broken)
	require.Zero(t, s.next())
	require.Equal(t, []string{`"3"`}, read)
}

func TestTextsAndIDsAreDecoded(t *testing.T) {
	for value, want := range map[string][2]string{
		`"x"`: {"x", "x"}, `""`: {}, `"a\"\u0041"`: {`a"A`, `a"A`}, `7`: {"", "7"}, `-1`: {"", "-1"}, `null`: {}, `true`: {}, `{"a":1}`: {}, `["x"]`: {}, `"\x"`: {},
	} {
		text, id := scanner{text: []byte(value)}, scanner{text: []byte(value)}
		require.Equal(t, want, [2]string{text.string(), id.id()}, value)
		require.Zero(t, text.next(), value)
		require.Zero(t, id.next(), value)
	}
}

func TestElementsAreReadOrPassedOver(t *testing.T) {
	read := func(text string) (all []string, ok bool) {
		s := scanner{text: []byte(text)}
		s.array(func() {
			if s.next() == '"' {
				all = append(all, s.string())
			}
		})
		return all, !s.broken && s.next() == 0
	}
	all, ok := read(` [ "a" , 1 , ["b"], {"c":"d"},"e"] `)
	require.True(t, ok)
	require.Equal(t, []string{"a", "e"}, all)
	_, ok = read(`[]`)
	require.True(t, ok)
	for _, text := range []string{`[`, `["a"`, `["a",`, `["a",]`, `["a" "b"]`, `[,]`, `{}`} {
		_, ok := read(text)
		require.False(t, ok, text)
	}
}

// A body cannot make the bridge work longer than its length allows.
func TestW14_EscapesAreReadOnce(t *testing.T) {
	read, ok := collect(`{"a":"` + strings.Repeat(`\"`, 1<<19) + `"}`)
	require.True(t, ok)
	require.Len(t, read["a"], 1<<20+2)
	_, ok = collect(`{"a":` + strings.Repeat("[", 1<<20))
	require.False(t, ok)
}

// FuzzScanner compares with encoding/json whatever that understands.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, ` { "a" : { "b" : [ "\\\"" ] } , "c" : null } `, `{"a":"{"}`, `{"\\":0}`, `{"a":1,"a":2}`, `[{}]`, `{"":{}}`, `nul`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, ok := collect(text)
		var want map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &want) != nil || want == nil {
			return
		}
		require.True(t, ok)
		got := map[string]string{}
		for name, value := range read {
			var known string
			require.NoError(t, json.Unmarshal([]byte(`"`+name+`"`), &known))
			got[known] = value
		}
		require.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
		if len(read) > len(got) {
			return // the same name is written in several ways
		}
		for name, value := range want {
			require.Equal(t, string(value), got[name], name)
		}
	})
}
