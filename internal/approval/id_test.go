package approval

import "testing"

func TestTypedPublicKeyForgivesPhones(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"nsdpehiw": "nsdpehiw", "NSDPEHIW": "nsdpehiw", " “nsdpehiw”. ": "nsdpehiw", "`nsdpehiw`": "nsdpehiw",
		"": "", "my key": "", "nsdpehi": "", "nsdpehiwx": "", "nsdpehi1": "", "AKR-7F3K2": "", "nsd pehi": "",
	} {
		got, ok := TypedPublicKey(typed)
		if got != want || ok != (want != "") {
			t.Errorf("TypedPublicKey(%q) = %q, %v", typed, got, ok)
		}
	}
}
