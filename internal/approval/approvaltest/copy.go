package approvaltest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"time"

	"atlaskeybot/internal/approval"
)

// deepCopy returns r as a store gives it back: it shares no memory with r, and
// its times are in UTC and cut to the millisecond.
func deepCopy(r approval.Request) approval.Request {
	body, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("a request that is no JSON: %v", err))
	}
	var c approval.Request
	if err := json.Unmarshal(body, &c); err != nil {
		panic(fmt.Sprintf("a request that cannot be read back: %v", err))
	}
	eachTime(reflect.ValueOf(&c).Elem(), func(t *time.Time) { *t = toMillis(*t) })
	c.MessageRefs = map[approval.MessageName]approval.MessageRef{}
	maps.Copy(c.MessageRefs, r.MessageRefs)
	return c
}

func toMillis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// eachTime calls do with every time inside v, which must be settable.
func eachTime(v reflect.Value, do func(*time.Time)) {
	if t, ok := v.Addr().Interface().(*time.Time); ok {
		do(t)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				eachTime(v.Field(i), do)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachTime(v.Index(i), do)
		}
	}
}
