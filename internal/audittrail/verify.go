package audittrail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"atlaskeybot/internal/approval"
	"atlaskeybot/internal/store"
)

// A Verification is the result of following a chain that is whole.
type Verification struct {
	Lines    int64  `json:"lines"`
	Head     string `json:"head,omitempty"`      // the hash of the last line
	HeadLine int64  `json:"head_line,omitempty"` // the number of the last line
	KeptLine int64  `json:"kept_line,omitempty"` // the line that has the hash that was kept
}

// Verify follows the whole trail. head is a hash that an earlier run printed and
// that must still be on the chain, or empty. The error is
// [approval.ErrBrokenChain] if a line is wrong; any other error means that the
// trail was not checked.
func Verify(ctx context.Context, s *store.Store, head string) (Verification, error) {
	v := verification{kept: head}
	err := v.run(ctx, s)
	switch {
	case errors.Is(err, approval.ErrBrokenChain):
		return Verification{}, fmt.Errorf("%w; lines before that, which are whole: %d", err, v.chain.Lines)
	case err != nil:
		return Verification{}, fmt.Errorf("verifying the audit trail: %w", err)
	}
	return Verification{Lines: v.chain.Lines, Head: v.chain.Last.Hash, HeadLine: v.chain.Last.Seq, KeptLine: v.keptAt}, nil
}

// A verification follows a chain.
type verification struct {
	chain  approval.Chain
	kept   string // a hash from an earlier time, or empty
	keptAt int64  // the line that has it; 0: none so far
	upTo   int64  // lines read up to the end that was noted before
}

// run reads the end that the database notes beside the trail before and after it
// reads the lines: a bot may add some meanwhile.
func (v *verification) run(ctx context.Context, s *store.Store) error {
	before, err := auditEnd(ctx, s)
	if err != nil {
		return err
	}
	if err := s.Audit(ctx, func(e approval.AuditEntry) error { return v.next(e, before) }); err != nil {
		return err
	}
	rows, err := s.AuditRows(ctx, before.Seq)
	if err != nil {
		return err
	}
	if rows != v.upTo {
		return fmt.Errorf("%w: the table has %d rows up to line %d, and the trail %d: rows were inserted that are no lines of it", approval.ErrBrokenChain, rows, before.Seq, v.upTo)
	}
	after, err := auditEnd(ctx, s)
	if err != nil {
		return err
	}
	return v.checkEnds(before, after)
}

func (v *verification) next(e approval.AuditEntry, before store.AuditHead) error {
	if err := v.chain.Next(e); err != nil {
		return err
	}
	if e.Seq == before.Seq && e.Hash != before.Hash {
		return fmt.Errorf("%w at line %d: it is not the line that was written, whose hash the database notes beside the trail: the chain was made anew", approval.ErrBrokenChain, e.Seq)
	}
	if e.Seq <= before.Seq {
		v.upTo++
	}
	if v.kept != "" && e.Hash == v.kept {
		v.keptAt = e.Seq
	}
	return nil
}

func (v *verification) checkEnds(before, after store.AuditHead) error {
	switch last := v.chain.Last.Seq; {
	case last < before.Seq:
		return fmt.Errorf("%w after line %d: line %d was written, and what comes after %d was removed", approval.ErrBrokenChain, last, before.Seq, last)
	case last > after.Seq:
		return fmt.Errorf("%w after line %d: the bot has written no more, and there are lines up to %d: they were inserted", approval.ErrBrokenChain, after.Seq, last)
	case v.kept != "" && v.keptAt == 0:
		return fmt.Errorf("%w: no line has the hash that was kept: it was removed, or the chain was made anew", approval.ErrBrokenChain)
	}
	return nil
}

// auditEnd returns the end of the trail that the database notes.
func auditEnd(ctx context.Context, s *store.Store) (store.AuditHead, error) {
	head, err := s.AuditHead(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return head, fmt.Errorf("%w: the note of where the trail ends was removed from the database", approval.ErrBrokenChain)
	}
	return head, err
}
