package test

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
	"github.com/accessbridge/accessbridge/integrations"
)

var (
	secretType  = reflect.TypeFor[config.Secret]()
	secretsType = reflect.TypeFor[config.Secrets]()
)

// fieldsOf lists the secret fields of a type, by their Go names.
func fieldsOf(t reflect.Type) []string {
	switch {
	case t == secretType, t == secretsType:
		return []string{""}
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice, t.Kind() == reflect.Map:
		return fieldsOf(t.Elem())
	case t.Kind() != reflect.Struct:
		return nil
	}
	var found []string
	for field := range t.Fields() {
		if field.IsExported() {
			for _, below := range fieldsOf(field.Type) {
				found = append(found, field.Name+"/"+below)
			}
		}
	}
	return found
}

// secretsIn reads the secrets in a value by the same names, with those in files.
func secretsIn(t *testing.T, v reflect.Value, path string, into map[string][]string) {
	t.Helper()
	switch {
	case v.Type() == secretType, v.Type() == secretsType:
		list, _ := reflect.TypeAssert[config.Secrets](v)
		if secret, ok := reflect.TypeAssert[config.Secret](v); ok && secret.IsSet() {
			list = config.Secrets{secret}
		}
		if len(list) > 0 {
			values, err := list.Reveal()
			require.NoError(t, err)
			into[path] = append(into[path], values...)
		}
	case v.Kind() == reflect.Pointer, v.Kind() == reflect.Interface:
		if !v.IsNil() {
			secretsIn(t, v.Elem(), path, into)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			secretsIn(t, v.Index(i), path, into)
		}
	case v.Kind() == reflect.Map:
		for _, key := range v.MapKeys() {
			secretsIn(t, v.MapIndex(key), path, into)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			secretsIn(t, v.Field(i), path+field.Name+"/", into)
			twin, isFile := strings.CutSuffix(field.Name, "File")
			if of, ok := v.Type().FieldByName(twin); isFile && ok && (of.Type == secretType || of.Type == secretsType) && !v.Field(i).IsZero() {
				secretsIn(t, reflect.ValueOf(config.Secrets{config.SecretFile(v.Field(i).String())}), path+twin+"/", into)
			}
		}
	}
}

// planted are the secrets of a configuration. It fails if any field for a secret, of any kind of integration, is left out.
func planted(t *testing.T, cfg *config.Config) (secrets []string) {
	t.Helper()
	require.Empty(t, fieldsOf(reflect.TypeFor[config.Config]()), "secrets outside of integrations are to be planted too")
	for name, kind := range integrations.Builtin() {
		found := map[string][]string{}
		for _, i := range cfg.Integrations {
			if i.Type == name {
				secretsIn(t, reflect.ValueOf(i.Config), "", found)
			}
		}
		for _, field := range fieldsOf(reflect.TypeOf(kind.Settings())) {
			require.NotEmpty(t, found[field], "nothing is planted in %s of %s", field, name)
			secrets = append(secrets, found[field]...)
		}
		if kind.Target != nil {
			require.Empty(t, fieldsOf(reflect.TypeOf(kind.Target())), "a route of %s has a secret", name)
		}
	}
	return secrets
}

// forms are the texts in which a secret may show.
func forms(secret string) []string {
	found := []string{secret, url.QueryEscape(secret), hex.EncodeToString([]byte(secret))}
	// In base64 a text looks in three ways, by where it begins. Its ends depend on its neighbours.
	for n := range 3 {
		encoded := base64.StdEncoding.EncodeToString(append(make([]byte, n), secret...))
		found = append(found, encoded[4:len(encoded)-4])
	}
	return found
}
