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

// A copy is written under another name, beside the one that it gets when it is
// whole.

// newPartial makes an empty file, readable by its owner alone, beside the one
// that it becomes.
func newPartial(to string) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(to), partialOf(to)+"*")
	if err != nil {
		return "", describeFileError(to, err)
	}
	return file.Name(), errors.Join(restrictMode(file.Name()), file.Close())
}

// partialOf begins the names of what is not finished.
func partialOf(to string) string { return "." + filepath.Base(to) + ".partial-" }

// removeDatabase removes a file and what SQLite keeps beside it.
func removeDatabase(path string) {
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		os.Remove(path + end)
	}
}

// copyTo copies a file that nobody else has open.
func (r *restoring) copyTo(ctx context.Context, from, to string, progress Progress) error {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("reading %s: %w", from, err)
	}
	defer source.Close()
	return copyFile(ctx, source, to, progress)
}

// copyAtOnce is how many bytes are copied between two looks at the context.
const copyAtOnce = 4 << 20

// copyFile copies source from its beginning into the file at to and brings that
// to the disk.
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

// publish gives a finished file its name, which must be free, for good.
func publish(partial, to string) error {
	if err := syncFile(partial); err != nil {
		return describeFileError(to, err)
	}
	err := os.Link(partial, to) // unlike a rename, it overwrites nothing
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s is there already and is not overwritten: choose another name", to)
	case err != nil: // this file system has no links
		if _, there := os.Lstat(to); !errors.Is(there, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already and is not overwritten: choose another name", to)
		}
		err = os.Rename(partial, to)
	default:
		err = os.Remove(partial)
	}
	return errors.Join(err, syncFile(filepath.Dir(to)))
}

// syncFile brings a file, or the names in a directory, to the disk.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
