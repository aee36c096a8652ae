package simulation

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
)

// ids is where the simulators' identifiers come from. It is apart from other randomness, which connections use up in no certain order.
type ids struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

func newIDs(seed uint64) *ids {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return &ids{source: rand.NewChaCha8(key)}
}

// Read implements io.Reader.
func (s *ids) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Read(p)
}
