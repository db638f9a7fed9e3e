package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A copy is written under a temporary name in the same directory, and renamed when
// it is complete.

// newPartial creates an empty file, readable by its owner only, for a copy that
// becomes to.
func newPartial(to string) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(to), partialOf(to)+"*")
	if err != nil {
		return "", describeFileError(to, err)
	}
	return file.Name(), errors.Join(restrictMode(file.Name()), file.Close())
}

// partialOf is the prefix of the names of unfinished copies.
func partialOf(to string) string { return "." + filepath.Base(to) + ".partial-" }

// removeDatabase removes a database file and SQLite's files that belong to it.
func removeDatabase(path string) {
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		os.Remove(path + end)
	}
}

// copyTo copies a file that no other process has open.
func (r *restoring) copyTo(ctx context.Context, from, to string, progress Progress) error {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	defer source.Close()
	return copyFile(ctx, source, to, progress)
}

// copyAtOnce is the number of bytes copied between two checks of the context.
const copyAtOnce = 4 << 20

// copyFile copies source from its beginning into the file at to, and syncs it.
func copyFile(ctx context.Context, source *os.File, to string, progress Progress) error {
	info, err := source.Stat()
	if err != nil {
		return err
	}
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, ownerOnly)
	if err != nil {
		return describeFileError(to, err)
	}
	all := io.NewSectionReader(source, 0, info.Size())
	for done := int64(0); done < info.Size(); {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, target.Close())
		}
		n, err := io.CopyN(target, all, min(copyAtOnce, info.Size()-done))
		if err != nil {
			return errors.Join(fmt.Errorf("writing %s: %w", to, describeFileError(to, err)), target.Close())
		}
		done += n
		if progress != nil {
			progress(done, info.Size())
		}
	}
	return errors.Join(target.Sync(), target.Close())
}

// publish renames a complete copy and syncs the directory. The name must be free.
func publish(partial, to string) error {
	if err := syncFile(partial); err != nil {
		return describeFileError(to, err)
	}
	err := os.Link(partial, to) // unlike a rename, it overwrites nothing
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already and is not overwritten: choose another name", to)
	case err != nil: // this file system does not support links
		if _, there := os.Lstat(to); !errors.Is(there, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already and is not overwritten: choose another name", to)
		}
		err = os.Rename(partial, to)
	default:
		err = os.Remove(partial)
	}
	return errors.Join(err, syncFile(filepath.Dir(to)))
}

// syncFile syncs a file or a directory.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
