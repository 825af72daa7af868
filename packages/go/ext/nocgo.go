//go:build !cgo

package ext

// Auto makes every connection that is opened from now on have the extension;
// here it cannot, and says so.
func Auto() error {
	return ErrNoCgo
}
