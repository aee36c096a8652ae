package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
)

const planted = "pl4nted-s3cret-value"

// holder has secrets everywhere a program may keep them.
type holder struct {
	Secret  config.Secret
	Pointer *config.Secret
	List    config.Secrets
	Map     map[string]config.Secret
	Any     any
	private config.Secret
	inner   struct{ secrets config.Secrets }
}

func TestP7_SecretIsNeverPrinted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(planted), 0o600))
	t.Setenv("PLANTED", planted)
	var fromText config.Secret
	require.NoError(t, fromText.UnmarshalText([]byte(planted)))
	for name, secret := range map[string]config.Secret{
		"literal": config.NewSecret(planted), "file": config.SecretFile(file), "environment": config.SecretEnv("PLANTED"), "text": fromText,
	} {
		t.Run(name, func(t *testing.T) {
			value, err := secret.Reveal()
			require.NoError(t, err)
			require.Equal(t, planted, value)
			list := config.Secrets{secret, secret}
			h := holder{Secret: secret, Pointer: &secret, List: list, Map: map[string]config.Secret{"a": secret}, Any: secret, private: secret}
			h.inner.secrets = list
			for _, v := range []any{secret, &secret, list, &list, h, &h, []any{h}, map[string]any{"h": h}, fmt.Errorf("about %v", secret)} {
				requireHidden(t, v)
			}
		})
	}
}

// requireHidden prints a value in every way there is.
func requireHidden(t *testing.T, v any) {
	t.Helper()
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%T"} {
		fmt.Fprintf(&out, verb+"\n", v)
	}
	fmt.Fprintln(&out, v)
	text, err := json.Marshal(v)
	require.NoError(t, err)
	out.Write(text)
	if _, isErr := v.(error); !isErr {
		text, err = yaml.Marshal(v)
		require.NoError(t, err)
		out.Write(text)
	}
	var logged bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil)} {
		slog.New(h).Info("a secret", "secret", v)
	}
	all := out.String() + logged.String()
	require.NotContains(t, all, planted)
	require.NotContains(t, strings.ToLower(all), fmt.Sprintf("%x", planted))
}

func TestSecretPlaceholders(t *testing.T) {
	s := config.NewSecret(planted)
	require.Equal(t, "(secret)", s.String())
	require.Equal(t, "(secret)", s.GoString())
	require.Equal(t, "[(secret)]", fmt.Sprintf("%v", config.Secrets{s}))
	require.Equal(t, "(secret)", s.LogValue().String())
	text, err := json.Marshal(map[string]any{"a": s, "b": config.Secret{}})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":"(secret)","b":""}`, string(text))
	require.Empty(t, config.Secret{}.String())
	require.True(t, s.IsSet())
	require.False(t, s.IsZero())
	require.True(t, config.NewSecret("").IsZero())
}

func TestSecretDecodesWithTheYAMLLibraryToo(t *testing.T) {
	var v struct {
		Token config.Secret   `yaml:"token"`
		Every config.Duration `yaml:"every"`
	}
	require.NoError(t, yaml.Unmarshal([]byte("token: abc\nevery: 1h30m"), &v))
	require.True(t, v.Token.Matches("abc"))
	require.Equal(t, 90*time.Minute, v.Every.Std())
}

func TestSecretMatches(t *testing.T) {
	s := config.NewSecret("abc")
	require.True(t, s.Matches("abc"))
	for _, wrong := range []string{"", "ab", "abcd", "abd", "ABC", "(secret)"} {
		require.False(t, s.Matches(wrong), wrong)
	}
	require.False(t, config.Secret{}.Matches(""), "no secret matches nothing")
	require.False(t, config.SecretFile("/does/not/exist").Matches(""))
	list := config.Secrets{config.NewSecret("old"), config.NewSecret("new")}
	require.True(t, list.Matches("old"))
	require.True(t, list.Matches("new"))
	require.False(t, list.Matches(""))
	require.False(t, list.Matches("oldnew"))
	require.False(t, config.Secrets{}.Matches(""))
	require.False(t, config.Secrets{config.NewSecret("a"), {}}.Matches(""), "an unset entry opens nothing")
}

func TestEmptySecretIsAnError(t *testing.T) {
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(empty, []byte(" \n\n"), 0o600))
	long := filepath.Join(dir, "long")
	require.NoError(t, os.WriteFile(long, bytes.Repeat([]byte("x"), 65<<10), 0o600))
	comments := filepath.Join(dir, "comments")
	require.NoError(t, os.WriteFile(comments, []byte("# none\n\n"), 0o600))
	t.Setenv("EMPTY", "")
	for want, secret := range map[string]config.Secret{
		"no secret is set":                              {},
		"secret file " + empty + " is empty":            config.SecretFile(empty),
		"environment variable EMPTY is not set":         config.SecretEnv("EMPTY"),
		"secret file: stat " + dir + "/none":            config.SecretFile(dir + "/none"),
		"secret file " + long + " is longer than":       config.SecretFile(long),
		"secret file: read " + dir + ": is a directory": config.SecretFile(dir),
	} {
		_, err := secret.Reveal()
		require.ErrorContains(t, err, want)
		_, err = secret.Lines()
		require.ErrorContains(t, err, want)
		_, err = config.Secrets{config.NewSecret("good"), secret}.Reveal()
		require.ErrorContains(t, err, want)
	}
	_, err := config.SecretFile(comments).Lines()
	require.ErrorContains(t, err, "holds no secret, only comments")
	_, err = config.Secrets{}.Reveal()
	require.ErrorContains(t, err, "no secret is set")
}

func TestSecretFileIsReadAgainWhenItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	secret := config.SecretFile(path)
	_, err := secret.Reveal()
	require.ErrorIs(t, err, os.ErrNotExist)
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	write := func(to, content string, at time.Time) {
		require.NoError(t, os.WriteFile(to, []byte(content), 0o600))
		require.NoError(t, os.Chtimes(to, at, at))
	}
	write(path, "one", old)
	require.True(t, secret.Matches("one"))

	t.Run("same size, new time", func(t *testing.T) {
		write(path, "two", old.Add(time.Second))
		require.True(t, secret.Matches("two"))
	})
	t.Run("same time, new size", func(t *testing.T) {
		write(path, "three", old.Add(time.Second))
		require.True(t, secret.Matches("three"))
	})
	t.Run("same time and size, another file", func(t *testing.T) {
		write(path+".new", "seven", old.Add(time.Second))
		require.NoError(t, os.Rename(path+".new", path))
		require.True(t, secret.Matches("seven"))
	})
	t.Run("rewritten within one step of the clock", func(t *testing.T) {
		now := time.Now()
		write(path, "aaaaa", now)
		require.True(t, secret.Matches("aaaaa"))
		write(path, "bbbbb", now)
		require.True(t, secret.Matches("bbbbb"), "a fresh modification time proves nothing")
	})
	t.Run("link turned to another file", func(t *testing.T) {
		link := path + ".link"
		write(path+".a", "link-a", old)
		write(path+".b", "link-b", old)
		require.NoError(t, os.Symlink(path+".a", link))
		linked := config.SecretFile(link)
		require.True(t, linked.Matches("link-a"))
		require.NoError(t, os.Symlink(path+".b", link+".next"))
		require.NoError(t, os.Rename(link+".next", link))
		require.True(t, linked.Matches("link-b"))
	})
	t.Run("copies share what is read", func(t *testing.T) {
		again := secret
		write(path, "copy", old)
		require.True(t, again.Matches("copy"))
		require.True(t, secret.Matches("copy"))
	})
}

func TestSecretsFileHoldsSeveralValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hooks")
	require.NoError(t, os.WriteFile(path, []byte("# new key\n  new \n\n\t# old key\r\nold\r\n"), 0o600))
	p := config.NewProblems("test")
	secrets := p.Secrets("webhook.secrets", nil, path)
	require.NoError(t, p.Err())
	values, err := secrets.Reveal()
	require.NoError(t, err)
	require.Equal(t, []string{"new", "old"}, values)
	require.True(t, secrets.Matches("old"))
	require.False(t, secrets.Matches("# new key"))

	require.NoError(t, os.WriteFile(path, []byte("next\n"), 0o600))
	require.True(t, secrets.Matches("next"))
	require.False(t, secrets.Matches("old"), "a key taken out of the file is out at once")
}

func TestSecretTwins(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("from-file\n"), 0o600))
	t.Run("neither", func(t *testing.T) {
		p := config.NewProblems("test")
		require.False(t, p.Secret("token", config.Secret{}, "").IsSet())
		require.False(t, p.Secrets("secrets", nil, "").IsSet())
		require.NoError(t, p.Err())
	})
	t.Run("both", func(t *testing.T) {
		p := config.NewProblems("test")
		p.Secret("basic.token", config.NewSecret("x"), file)
		p.Secrets("basic.secrets", config.Secrets{config.NewSecret("x")}, file)
		require.EqualError(t, p.Err(), "test:1:1: basic.secrets: is given here and in secrets_file (keep one of them)\n"+
			"test:1:1: basic.token: is given here and in token_file (keep one of them)")
	})
	t.Run("unreadable", func(t *testing.T) {
		p := config.NewProblems("test")
		p.Secret("token", config.Secret{}, filepath.Join(dir, "none"))
		p.Secrets("secrets", nil, filepath.Join(dir, "none"))
		p.Secrets("keys", config.Secrets{config.NewSecret("x"), config.SecretEnv("NOT_SET_ANYWHERE")}, "")
		require.Len(t, p.Err(), 3)
		require.ErrorContains(t, p.Err(), "token_file: secret file: stat")
		require.ErrorContains(t, p.Err(), "secrets_file: secret file: stat")
		require.ErrorContains(t, p.Err(), "keys[1]: environment variable NOT_SET_ANYWHERE is not set")
	})
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]string{"30s": "30s", "300s": "5m", "1h30m": "1h30m", "60m": "1h", "1h0m5s": "1h0m5s", "250ms": "250ms", "0": "0s"} {
		var d config.Duration
		require.NoError(t, d.UnmarshalText([]byte(text)))
		require.Equal(t, want, d.String())
		again, err := d.MarshalText()
		require.NoError(t, err)
		var back config.Duration
		require.NoError(t, back.UnmarshalText(again))
		require.Equal(t, d, back)
	}
	var d config.Duration
	for _, text := range []string{"", "5", "5 minutes", "-5m", "1d"} {
		require.ErrorContains(t, d.UnmarshalText([]byte(text)), fmt.Sprintf("%q is", text))
	}
}
