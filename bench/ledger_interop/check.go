// Checks a log that Heed wrote with Go's own note and tlog packages.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type record struct {
	Index int64
	Leaf  []byte
	Proof [][]byte
}

type old struct {
	Size  int64
	Root  []byte
	Proof [][]byte
}

type files struct {
	dir   string
	tiles int
}

func (f *files) Height() int { return 8 }

func (f *files) SaveTiles([]tlog.Tile, [][]byte) {}

func (f *files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		path := "tile/" + strings.TrimPrefix(t.Path(), "tile/8/") // C2SP leaves out the height
		data, err := os.ReadFile(filepath.Join(f.dir, path))
		if err != nil {
			return nil, err
		}
		f.tiles++
		all = append(all, data)
	}
	return all, nil
}

func must(err error) {
	if err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
}

func refuse(err error, what string) {
	if err == nil {
		fmt.Println("ACCEPTED although changed:", what)
		os.Exit(1)
	}
}

func hash(b []byte) (h tlog.Hash) { copy(h[:], b); return h }

func hashes(all [][]byte) (out []tlog.Hash) {
	for _, b := range all {
		out = append(out, hash(b))
	}
	return out
}

func main() {
	dir := os.Args[1]
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		must(err)
		return data
	}
	verifier, err := note.NewVerifier(string(read("key")))
	must(err)
	opened, err := note.Open(read("checkpoint"), note.VerifierList(verifier))
	must(err)
	forged := strings.Replace(string(read("checkpoint")), "heed", "head", 1)
	_, err = note.Open([]byte(forged), note.VerifierList(verifier))
	refuse(err, "checkpoint")

	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)

	var proofs struct {
		Records []record
		Olds    []old
	}
	must(json.Unmarshal(read("proofs.json"), &proofs))
	stored := &files{dir: dir}
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, stored)
	for _, r := range proofs.Records {
		leaf := tlog.RecordHash(r.Leaf)
		proof := hashes(r.Proof)
		must(tlog.CheckRecord(proof, size, root, r.Index, leaf))
		own, err := tlog.ProveRecord(size, r.Index, reader)
		must(err)
		if fmt.Sprint(own) != fmt.Sprint(tlog.RecordProof(proof)) {
			must(fmt.Errorf("Go proves record %d otherwise", r.Index))
		}
		leaf[0] ^= 1
		refuse(tlog.CheckRecord(proof, size, root, r.Index, leaf), "leaf")
	}
	for _, o := range proofs.Olds {
		proof := hashes(o.Proof)
		must(tlog.CheckTree(proof, size, root, o.Size, hash(o.Root)))
		own, err := tlog.ProveTree(size, o.Size, reader)
		must(err)
		if fmt.Sprint(own) != fmt.Sprint(tlog.TreeProof(proof)) {
			must(fmt.Errorf("Go proves size %d otherwise", o.Size))
		}
		bad := hash(o.Root)
		bad[0] ^= 1
		refuse(tlog.CheckTree(proof, size, root, o.Size, bad), "old root")
	}
	fmt.Printf("Go agrees: %d entries, signature, %d inclusion and %d consistency proofs, %d tiles read\n",
		size, len(proofs.Records), len(proofs.Olds), stored.tiles)
}
