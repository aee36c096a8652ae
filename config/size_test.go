package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accessbridge/accessbridge/config"
)

func TestSizesAreReadAndWritten(t *testing.T) {
	for text, bytes := range map[string]int64{
		"0": 0, "1KB": 1_000, "64KB": 64_000, "100MB": 100_000_000, "3GB": 3_000_000_000, "1500MB": 1_500_000_000, "9223372036GB": 9_223_372_036_000_000_000,
	} {
		var s config.Size
		require.NoError(t, s.UnmarshalText([]byte(text)), text)
		require.Equal(t, bytes, s.Bytes(), text)
		written, err := s.MarshalText()
		require.NoError(t, err)
		require.Equal(t, text, string(written))
	}
	var s config.Size
	require.NoError(t, s.UnmarshalText([]byte("2000MB")))
	require.Equal(t, "2GB", s.String())
}

func TestWhatIsNoSizeIsRefused(t *testing.T) {
	for _, text := range []string{"", "10", "-1MB", "1.5GB", "10mb", "10 MB", "MB", "1TB", "9223372037GB", "1MB1KB", "1MB\n"} {
		s := config.Size(7)
		require.Error(t, s.UnmarshalText([]byte(text)), "%q", text)
		require.Equal(t, config.Size(7), s)
	}
}
