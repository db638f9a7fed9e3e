package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"atlaskeybot/internal/approval"
)

// The formats of lines.
const (
	formatJSON = "json" // one object a line
	formatCSV  = "csv"  // RFC 4180, with a header
)

// A printable line can be printed in both formats. As JSON it is what its tags say.
type printable interface {
	cells() []string
}

// A sheet prints lines of one kind.
type sheet struct {
	json *json.Encoder
	csv  *csv.Writer // nil: JSON
}

func newSheet(w io.Writer, format string, columns []string) (*sheet, error) {
	if format != formatCSV {
		s := &sheet{json: json.NewEncoder(w)}
		s.json.SetEscapeHTML(false)
		return s, nil
	}
	s := &sheet{csv: csv.NewWriter(w)}
	s.csv.UseCRLF = true
	return s, s.csv.Write(columns)
}

func (s *sheet) add(l printable) error {
	if s.csv == nil {
		return s.json.Encode(l)
	}
	cells := l.cells()
	for i := range cells {
		cells[i] = tame(cells[i])
	}
	return s.csv.Write(cells)
}

// end prints what is left. Nothing may be added after it.
func (s *sheet) end() error {
	if s.csv == nil {
		return nil
	}
	s.csv.Flush()
	if err := s.csv.Error(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// tame keeps a spreadsheet from taking a cell for a formula: people write
// reasons, and other people open them. The apostrophe marks a text there.
func tame(cell string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " "))
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}

// auditColumns are named as in JSON.
var auditColumns = []string{
	"seq", "at", "org", "request", "event", "from", "to", "by", "note", "refused", "key", "key_id", "prev", "hash",
}

// An auditLine is an entry as it is printed.
type auditLine approval.Entry

func (l auditLine) cells() []string {
	return []string{
		strconv.FormatInt(l.Seq, 10), l.At.Format(time.RFC3339Nano), string(l.Org), string(l.Request), string(l.Event),
		string(l.From), string(l.To), string(l.By), l.Note, l.Refused, l.Key, l.KeyID, l.Prev, l.Hash,
	}
}
