package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheGeneratedFilesAreCurrent(t *testing.T) {
	files, err := generate()
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join("../../..", path))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s: run go generate ./internal/wire", path)
	}
}
