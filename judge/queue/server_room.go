package queue

import (
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// What its streams may take together a server decides itself each time it starts, by what is free on the disk then. After the disk
// was full that is less than what it holds already, and it would take nothing more even when there is room again. So we say it,
// once for all starts.

// storeRoom is how many bytes a server may store in a directory: those that are there, and three quarters of what the disk has free.
func storeRoom(dir string) (int64, error) {
	free, err := freeBytes(dir)
	if err != nil {
		return 0, err
	}
	used, err := usedBytes(dir)
	return used + free/4*3, err
}

// freeBytes is how many bytes the disk of a directory has free.
func freeBytes(dir string) (int64, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return int64(disk.Bavail) * int64(disk.Bsize), nil
}

// usedBytes is how many bytes the files below a directory have.
func usedBytes(dir string) (used int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			used += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look at the store: %w", err)
	}
	return used, nil
}
