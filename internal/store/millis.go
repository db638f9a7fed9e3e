package store

import (
	"reflect"
	"time"

	"atlaskeybot/internal/approval"
)

// millis returns t as the database stores it: in Unix milliseconds, and 0 for
// the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// inMillis returns r with its times in UTC and cut to the millisecond, so that
// the body agrees with the columns. It shares no time with r.
func inMillis(r approval.Request) approval.Request {
	cutTimes(reflect.ValueOf(&r).Elem())
	return r
}

// cutTimes cuts every time inside v, which must be settable. It replaces slices
// of structs by copies before it changes them.
func cutTimes(v reflect.Value) {
	if at, ok := v.Addr().Interface().(*time.Time); ok {
		*at = at.UTC().Truncate(time.Millisecond)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				cutTimes(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Len() == 0 || v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		clone := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(clone, v)
		v.Set(clone)
		for i := range clone.Len() {
			cutTimes(clone.Index(i))
		}
	}
}
