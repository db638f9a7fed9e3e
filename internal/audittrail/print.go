package audittrail

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/plaintext"
	"atlaskeybot/internal/store"
)

// The formats of lines.
const (
	FormatJSON = "json" // one object a line
	FormatCSV  = "csv"  // RFC 4180, with a header
)

// A printable line can be printed in both formats.
type printable interface {
	cells() []string
}

// A lineWriter prints lines of one kind.
type lineWriter struct {
	to    *bufio.Writer
	isCSV bool
}

func newLineWriter(w io.Writer, format string, columns []string) (*lineWriter, error) {
	s := &lineWriter{to: bufio.NewWriter(w), isCSV: format == FormatCSV}
	if !s.isCSV {
		return s, nil
	}
	return s, s.row(columns)
}

func (s *lineWriter) add(l printable) error {
	if s.isCSV {
		return s.row(l.cells())
	}
	var line bytes.Buffer
	to := json.NewEncoder(&line)
	to.SetEscapeHTML(false)
	if err := to.Encode(l); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return cmp.Or(s.print(plaintext.EscapeJSON(line.Bytes())), s.end())
}

// row prints cells, all of them quoted, since some spreadsheets separate cells by
// semicolons or tabs.
func (s *lineWriter) row(cells []string) error {
	quoted := make([]string, len(cells))
	for i, cell := range cells {
		quoted[i] = `"` + strings.ReplaceAll(escapeFormula(cell), `"`, `""`) + `"`
	}
	return s.print([]byte(strings.Join(quoted, ",") + "\r\n"))
}

func (s *lineWriter) print(b []byte) error {
	if _, err := s.to.Write(b); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// end prints what is buffered.
func (s *lineWriter) end() error {
	if err := s.to.Flush(); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// escapeFormula keeps a spreadsheet from running a cell as a formula: people write
// the reasons that other people open there. A leading apostrophe marks a text.
// Spaces and invisible characters before a formula do not hide it.
func escapeFormula(cell string) string {
	begins, _ := utf8.DecodeRuneInString(cell)
	first, _ := utf8.DecodeRuneInString(plaintext.Foreign(cell))
	if strings.ContainsRune("\t\r\n", begins) || strings.ContainsRune("=+-@＝＋－＠﹢﹣﹦﹫−", first) {
		return "'" + cell
	}
	return cell
}

// auditColumns are named as in JSON.
var auditColumns = []string{
	"seq", "at", "org", "request", "event", "from", "to", "by", "note", "refused", "key", "key_id", "details", "prev", "hash",
}

// An auditLine is an entry as it is printed.
type auditLine approval.AuditEntry

func (l auditLine) cells() []string {
	return []string{
		strconv.FormatInt(l.Seq, 10), l.At.Format(time.RFC3339Nano), string(l.Org), string(l.Request), string(l.Event),
		string(l.From), string(l.To), string(l.By), l.Note, l.Refused, l.Key, l.KeyID, string(l.Details), l.Prev, l.Hash,
	}
}

// Print prints the lines that filter picks, oldest first.
func Print(ctx context.Context, s *store.Store, filter Filter, format string, to io.Writer) error {
	out, err := newLineWriter(to, format, auditColumns)
	if err != nil {
		return fmt.Errorf("printing the audit trail: %w", err)
	}
	err = s.Audit(ctx, func(e approval.AuditEntry) error {
		if !filter.matches(e) {
			return nil
		}
		return out.add(auditLine(e))
	})
	if err != nil {
		return fmt.Errorf("printing the audit trail: %w", err)
	}
	return out.end()
}
