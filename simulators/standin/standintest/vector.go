package standintest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/simulators/contract"
)

// Vector is a body and what a vendor's way of signing makes of it.
type Vector struct {
	Scheme  string            `json:"scheme"`
	Secret  string            `json:"secret"`
	Body    string            `json:"body"`
	Headers map[string]string `json:"headers"`
}

// SignatureVector is the vector of a way of signing, from the vendors' contracts. The test is skipped where they are absent.
func SignatureVector(t *testing.T, scheme string) Vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(contract.Folder(t), "signature-vectors.json"))
	require.NoError(t, err)
	var vectors []Vector
	require.NoError(t, json.Unmarshal(data, &vectors))
	for _, v := range vectors {
		if v.Scheme == scheme {
			return v
		}
	}
	t.Fatalf("there is no signature vector for %s", scheme)
	return Vector{}
}
