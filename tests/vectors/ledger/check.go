// Checks a log with golang.org/x/mod/sumdb, which shares nothing with us but the specification.
//
// Usage: check FOLDER. The folder holds vkey, checkpoint, tile/ and any *.tlog-proof. Prints one line
// for each root and proof that Go computes from the tiles; exits 1 at the first thing that is false.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error, what string) {
	if err != nil {
		fmt.Fprintln(os.Stderr, what+":", err)
		os.Exit(1)
	}
}

func decode(text string) tlog.Hash {
	raw, err := base64.StdEncoding.DecodeString(text)
	must(err, "base64")
	var hash tlog.Hash
	if len(raw) != len(hash) {
		must(fmt.Errorf("%d bytes", len(raw)), "hash")
	}
	copy(hash[:], raw)
	return hash
}

func encode(hashes []tlog.Hash) string {
	var out []string
	for _, hash := range hashes {
		out = append(out, hash.String())
	}
	return strings.Join(out, ",")
}

type tiles struct{ folder string }

func (t tiles) Height() int                      { return 8 }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range wanted {
		// Go's own logs write the height in the path; C2SP leaves it out.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(t.folder, path))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func open(data []byte, verifier note.Verifier) (int64, tlog.Hash) {
	opened, err := note.Open(data, note.VerifierList(verifier))
	must(err, "note.Open")
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	return size, decode(lines[2])
}

func entries(folder string, size int64) [][]byte {
	var out [][]byte
	for first := int64(0); first < size; first += 256 {
		path := strings.Replace(tlog.Tile{H: 8, L: 0, N: first / 256, W: 256}.Path(), "tile/8/0/", "tile/entries/", 1)
		if size-first < 256 {
			path += ".p/" + strconv.FormatInt(size-first, 10)
		}
		data, err := os.ReadFile(filepath.Join(folder, path))
		must(err, "bundle")
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			out = append(out, data[2:2+length])
			data = data[2+length:]
		}
	}
	return out
}

func checkReceipt(path string, verifier note.Verifier) {
	data, err := os.ReadFile(path)
	must(err, path)
	head, checkpoint, found := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		must(fmt.Errorf("not a proof"), path)
	}
	entry, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err, path)
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	must(err, path)
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		proof = append(proof, decode(line))
	}
	size, root := open(checkpoint, verifier)
	must(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entry)), path)
	fmt.Println("receipt", index)
}

func main() {
	folder := os.Args[1]
	key, err := os.ReadFile(filepath.Join(folder, "vkey"))
	must(err, "vkey")
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	must(err, "vkey")
	checkpoint, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err, "checkpoint")
	size, root := open(checkpoint, verifier)
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{folder})

	all := entries(folder, size)
	if int64(len(all)) != size {
		must(fmt.Errorf("%d of %d", len(all), size), "entries")
	}
	var places []int64
	for index := range all {
		places = append(places, tlog.StoredHashIndex(0, int64(index)))
	}
	stored, err := reader.ReadHashes(places)
	must(err, "leaves")
	for index, entry := range all {
		if stored[index] != tlog.RecordHash(entry) {
			must(fmt.Errorf("entry %d", index), "leaf")
		}
	}
	fmt.Println("root", size, root)

	for _, index := range []int64{0, 1, 127, 255, 256, size - 1} {
		proof, err := tlog.ProveRecord(size, index, reader)
		must(err, "ProveRecord")
		must(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(all[index])), "CheckRecord")
		fmt.Println("record", index, encode(proof))
	}
	for _, old := range []int64{1, 2, 128, 255, 256, 257, size - 1} {
		oldRoot, err := tlog.TreeHash(old, reader)
		must(err, "TreeHash")
		proof, err := tlog.ProveTree(size, old, reader)
		must(err, "ProveTree")
		must(tlog.CheckTree(proof, size, root, old, oldRoot), "CheckTree")
		fmt.Println("tree", old, oldRoot, encode(proof))
	}
	receipts, err := filepath.Glob(filepath.Join(folder, "*.tlog-proof"))
	must(err, "receipts")
	for _, path := range receipts {
		checkReceipt(path, verifier)
	}
}
