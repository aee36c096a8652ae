package config_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	secretName = regexp.MustCompile(`(?i)(secret|token|password|passphrase|credential|signature|hmac|api_?key|bearer|authorization)s?$|^mac$`)
	// notSecret are positions in a listing.
	notSecret = regexp.MustCompile(`(?i)page_?token$`)
	// revealing are functions whose result takes longer to compute the more of a secret is right.
	revealing = []string{"Equal", "EqualFold", "Compare", "HasPrefix", "HasSuffix", "Contains", "Index", "DeepEqual"}
)

// lastName is what an operand is called: the last word of x.y.z, x.y(), x[i], *x or []byte(x).
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.CallExpr:
		if len(e.Args) == 1 {
			if _, ok := e.Fun.(*ast.ArrayType); ok || lastName(e.Fun) == "string" {
				return lastName(e.Args[0])
			}
		}
		return lastName(e.Fun)
	case *ast.IndexExpr:
		return lastName(e.X)
	case *ast.SliceExpr:
		return lastName(e.X)
	case *ast.StarExpr:
		return lastName(e.X)
	case *ast.ParenExpr:
		return lastName(e.X)
	default:
		return ""
	}
}

func isSecret(e ast.Expr) bool {
	name := lastName(e)
	return secretName.MatchString(name) && !notSecret.MatchString(name)
}

// fixed reports whether an operand is a value that everybody can read in the source, or none at all.
func fixed(e ast.Expr) bool {
	name := lastName(e)
	_, literal := e.(*ast.BasicLit)
	return literal || name == "nil" || name == "true" || name == "false"
}

// comparisons are the places in a file where a secret is compared in a time that depends on it.
func comparisons(fset *token.FileSet, file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		bad := false
		switch n := n.(type) {
		case *ast.BinaryExpr:
			bad = (n.Op == token.EQL || n.Op == token.NEQ) && (isSecret(n.X) || isSecret(n.Y)) && !fixed(n.X) && !fixed(n.Y)
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) == 2 && slices.Contains(revealing, sel.Sel.Name) {
				of := lastName(sel.X)
				bad = slices.Contains([]string{"bytes", "strings", "slices", "reflect", "cmp"}, of) && slices.ContainsFunc(n.Args, isSecret) && !fixed(n.Args[1])
			}
		case *ast.SwitchStmt:
			bad = n.Tag != nil && isSecret(n.Tag)
		}
		if bad {
			at := fset.Position(n.Pos())
			found = append(found, at.Filename+":"+strconv.Itoa(at.Line))
		}
		return true
	})
	return found
}

func TestSecretsAreComparedInConstantTime(t *testing.T) {
	fset, files := token.NewFileSet(), 0
	require.NoError(t, filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"simulators", "bench", "test", "conformance", "testkit", "testdata"}, entry.Name()):
			return filepath.SkipDir // the product is what is left
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files++
		require.Empty(t, comparisons(fset, file), "use config.Secret.Matches, hmac.Equal or subtle.ConstantTimeCompare")
		return nil
	}))
	require.Greater(t, files, 100, "the product's files are found")
}

func TestTheRuleForComparisonsHasTeeth(t *testing.T) {
	const source = `package p
func f(secret, given, pageToken string, s struct{ Token, signature []byte }, header func(string) string) {
	_ = secret == given
	_ = given != secret
	_ = string(s.Token) == given
	_ = bytes.Equal(s.signature, []byte(given))
	_ = strings.EqualFold(given, secret)
	_ = slices.Contains(secrets, given)
	_ = strings.HasPrefix("Bearer "+given, (secret))
	_ = webhookSecrets[0] == header("x")
	switch apiKey { case given: }

	_ = secret == ""
	_ = s.Token != nil
	_ = pageToken == given
	_ = len(secret) == 3
	_ = op == token.EQL
	_ = hmac.Equal(s.signature, []byte(given))
	_ = secretConfigured == true
}`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, parser.SkipObjectResolution)
	require.NoError(t, err)
	require.Equal(t, []string{"p.go:3", "p.go:4", "p.go:5", "p.go:6", "p.go:7", "p.go:8", "p.go:9", "p.go:10", "p.go:11"}, comparisons(fset, file))
}
