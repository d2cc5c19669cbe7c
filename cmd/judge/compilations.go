package main

import (
	"os"
	"path/filepath"

	"judge/judge/cache"
)

// compilationsSize bounds the cache of compilations, in bytes: about a thousand static programs.
const compilationsSize = 2 << 30

// compilations is the user's cache of compilations. A user who has no place for one, or may not write there,
// does without.
func compilations() *cache.Store {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	store, err := cache.Open(filepath.Join(dir, "judge", "compilations"), compilationsSize)
	if err != nil {
		return nil
	}
	return store
}
