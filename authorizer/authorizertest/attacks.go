package authorizertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"
)

// An Attack is a token that every verifier of the issuer must refuse.
type Attack struct {
	Class string // what is wrong with it
	Token string // in compact form
}

// Attacks returns a token of every class of attack, each otherwise as good as Token would make it. Most are signed with
// the issuer's newest key, so that nothing but the flaw named tells them from good ones.
func (i *Issuer) Attacks(changes ...Claims) []Attack {
	i.mu.Lock()
	key := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	a := attacker{issuer: i, key: key, claims: i.claims(changes), good: i.Token(changes...)}
	a.header = map[string]any{"alg": key.algorithm, "kid": key.id, "typ": "JWT"}
	a.form()
	a.unsigned()
	a.headers()
	a.payloads()
	a.times()
	a.addressees()
	a.signatures()
	return a.attacks
}

type attacker struct {
	issuer  *Issuer
	key     signingKey
	header  map[string]any
	claims  map[string]any
	good    string
	attacks []Attack
}

func (a *attacker) add(class, token string) {
	a.attacks = append(a.attacks, Attack{Class: class, Token: token})
}

// withHeader adds a token with changed header members, properly signed.
func (a *attacker) withHeader(class string, change map[string]any) {
	a.add(class, a.key.sign(change, a.claims))
}

// withClaims adds a token with changed claims, properly signed.
func (a *attacker) withClaims(class string, change Claims) {
	claims := maps.Clone(a.claims)
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	a.add(class, a.key.sign(nil, claims))
}

// form adds what is not a compact JWS.
func (a *attacker) form() {
	parts := strings.Split(a.good, ".")
	a.add("empty", "")
	a.add("one segment", parts[0])
	a.add("two segments", parts[0]+"."+parts[1])
	a.add("four segments", a.good+"."+parts[2])
	a.add("five segments (JWE)", a.good+"."+parts[2]+"."+parts[2])
	a.add("very many dots", strings.Repeat(".", 7000))
	a.add("empty header", "."+parts[1]+"."+parts[2])
	a.add("empty payload", parts[0]+".."+parts[2])
	a.add("padding", a.good+"==")
	a.add("leading blank", " "+a.good)
	a.add("trailing line end", a.good+"\n")
	a.add("line end in the signature", a.good[:len(a.good)-5]+"\r\n"+a.good[len(a.good)-5:])
	a.add("line end in the payload", parts[0]+"."+parts[1][:4]+"\n"+parts[1][4:]+"."+parts[2])
	a.add("standard base64 alphabet", parts[0]+"."+parts[1]+"."+strings.NewReplacer("-", "+", "_", "/").Replace(ensure(parts[2])))
	a.add("unused bits set in the last character", malleable(a.good))
	a.add("too large", a.key.sign(map[string]any{"filler": strings.Repeat("x", 100_000)}, a.claims))
}

// ensure makes sure that a segment has a character that differs between the alphabets.
func ensure(segment string) string {
	if strings.ContainsAny(segment, "-_") {
		return segment
	}
	return "-" + segment[1:]
}

// malleable returns another spelling of the same bytes, which lenient decoders take.
func malleable(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	start := strings.LastIndexByte(token, '.') + 1
	want, _ := base64.RawURLEncoding.DecodeString(token[start:])
	for _, c := range alphabet {
		other := token[:len(token)-1] + string(c)
		got, err := base64.RawURLEncoding.DecodeString(other[start:])
		if err == nil && other != token && string(got) == string(want) {
			return other
		}
	}
	return token + "A"
}

// unsigned adds what carries no signature of a private key.
func (a *attacker) unsigned() {
	payload := encode(mustJSON(a.claims))
	for _, none := range []string{"none", "None", "NONE", "NoNe"} {
		header := maps.Clone(a.header)
		header["alg"] = none
		a.add("alg "+none, encode(mustJSON(header))+"."+payload+".")
		a.add("alg "+none+" with a signature", a.key.sign(map[string]any{"alg": none}, a.claims))
	}
	a.add("empty signature", a.good[:strings.LastIndexByte(a.good, '.')+1])
	public, err := x509.MarshalPKIXPublicKey(a.key.private.Public())
	if err != nil {
		panic("authorizertest: " + err.Error())
	}
	secrets := map[string][]byte{
		"its DER":        public,
		"its PEM":        pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
		"its JWK":        mustJSON(a.key.jwk()),
		"an empty value": {},
	}
	for _, form := range slices.Sorted(maps.Keys(secrets)) {
		header := maps.Clone(a.header)
		header["alg"] = "HS256"
		signed := encode(mustJSON(header)) + "." + payload
		mac := hmac.New(sha256.New, secrets[form])
		mac.Write([]byte(signed))
		a.add("HS256 with the public key as secret: "+form, signed+"."+encode(mac.Sum(nil)))
	}
}

// headers adds flaws of the protected header.
func (a *attacker) headers() {
	a.withHeader("crit names an unknown extension", map[string]any{"crit": []string{"exp"}, "exp": 1})
	a.withHeader("crit is empty", map[string]any{"crit": []string{}})
	a.withHeader("crit is a string", map[string]any{"crit": "alg"})
	a.withHeader("crit names a registered header", map[string]any{"crit": []string{"alg"}})
	a.withHeader("crit names an absent header", map[string]any{"crit": []string{"absent"}})
	a.withHeader("crit names a header twice", map[string]any{"crit": []string{"x", "x"}, "x": 1})
	a.withHeader("unencoded payload (b64)", map[string]any{"crit": []string{"b64"}, "b64": false})
	a.withHeader("alg missing", map[string]any{"alg": nil})
	a.withHeader("alg is a number", map[string]any{"alg": 1})
	a.withHeader("alg in capitals only", map[string]any{"alg": nil, "ALG": a.key.algorithm})
	a.withHeader("alg unknown", map[string]any{"alg": "XX256"})
	a.withHeader("alg in lower case", map[string]any{"alg": strings.ToLower(a.key.algorithm)})
	a.withHeader("typ of another kind", map[string]any{"typ": "dpop+jwt"})
	a.withHeader("typ is a number", map[string]any{"typ": 1})
	a.withHeader("nested token (cty)", map[string]any{"cty": "JWT"})
	for name, kid := range map[string]any{
		"a path": "../../../../dev/null", "a URL": "https://evil.test/jwks.json", "SQL": "x' UNION SELECT 'secret' --",
		"a number": 1, "null": json.RawMessage("null"), "an array": []string{a.key.id}, "empty": "", "very long": strings.Repeat("k", 4000),
		"another case": strings.ToUpper(a.key.id), "unknown": "key-0",
	} {
		a.withHeader("kid is "+name, map[string]any{"kid": kid})
	}
	stranger := a.issuer.impostor()
	stranger.id = "stranger"
	a.add("its own key (jwk)", stranger.sign(map[string]any{"jwk": stranger.jwk(), "kid": nil}, a.claims))
	a.add("its own key (jwk) under our kid", stranger.sign(map[string]any{"jwk": stranger.jwk(), "kid": a.key.id}, a.claims))
	a.add("its own key set (jku)", stranger.sign(map[string]any{"jku": "https://evil.test/jwks.json"}, a.claims))
	a.add("its own certificate (x5u)", stranger.sign(map[string]any{"x5u": "https://evil.test/cert.pem"}, a.claims))
	a.add("its own certificate (x5c)", stranger.sign(map[string]any{"x5c": []string{"MIIB"}, "kid": nil}, a.claims))

	payload := mustJSON(a.claims)
	good := string(mustJSON(a.header))
	a.add("header member twice", a.key.signRaw([]byte(`{"alg":"none",`+good[1:]), payload))
	a.add("header is null", a.key.signRaw([]byte("null"), payload))
	a.add("header is an array", a.key.signRaw([]byte("["+good+"]"), payload))
	a.add("header is followed by more", a.key.signRaw([]byte(good+good), payload))
	a.add("header is not JSON", a.key.signRaw([]byte("alg"), payload))
}

// payloads adds flaws of the claims as JSON.
func (a *attacker) payloads() {
	header, good := mustJSON(a.header), string(mustJSON(a.claims))
	add := func(class, payload string) { a.add(class, a.key.signRaw(header, []byte(payload))) }
	add("claim twice", `{"sub":"admin",`+good[1:])
	add("claim twice, once escaped", `{"\u0073ub":"admin",`+good[1:])
	add("nested member twice", `{"x":{"a":1,"a":2},`+good[1:])
	add("payload is followed by more", good+`{"sub":"admin"}`)
	add("payload is null", "null")
	add("payload is an array", "["+good+"]")
	add("payload is a string", `"x"`)
	add("payload is not JSON", "x")
	add("invalid UTF-8 in a claim", "{\"x\":\"\xff\","+good[1:])
	add("lone surrogate in a claim", `{"x":"\ud800",`+good[1:])
	add("lone low surrogate in a claim", `{"x":"\udc00\ud800",`+good[1:])
	add("control character in a claim", "{\"x\":\"\x01\","+good[1:])
	add("nested 100 deep", `{"x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+","+good[1:])
	add("number with a leading zero", `{"x":01,`+good[1:])
}

// times adds flaws of exp, nbf and iat.
func (a *attacker) times() {
	now := time.Now()
	for name, exp := range map[string]any{
		"missing": nil, "null": json.RawMessage("null"), "a string": fmt.Sprint(now.Add(time.Hour).Unix()), "1e308": json.RawMessage("1e308"),
		"negative": -1, "9e18": json.RawMessage("9e18"), "past": now.Add(-2 * time.Minute).Unix(), "in capitals": nil, "an array": []int64{now.Add(time.Hour).Unix()},
		"true": true, "eleven years ahead": now.Add(11 * 366 * 24 * time.Hour).Unix(),
	} {
		change := Claims{"exp": exp}
		if name == "in capitals" {
			change["EXP"] = now.Add(time.Hour).Unix()
		}
		a.withClaims("exp is "+name, change)
	}
	a.withClaims("nbf in the future", Claims{"nbf": now.Add(2 * time.Minute).Unix()})
	a.withClaims("nbf is a string", Claims{"nbf": "0"})
	a.withClaims("iat in the future", Claims{"iat": now.Add(2 * time.Minute).Unix()})
	a.withClaims("iat is a string", Claims{"iat": "0"})
}

// addressees adds flaws of iss and aud.
func (a *attacker) addressees() {
	url := a.issuer.URL()
	for name, iss := range map[string]any{
		"missing": nil, "another": "https://evil.test", "with a slash more": url + "/", "an array": []string{url}, "a number": 1,
		"in capitals": strings.ToUpper(url), "longer": url + ".evil.test",
	} {
		a.withClaims("iss is "+name, Claims{"iss": iss})
	}
	for name, aud := range map[string]any{
		"missing": nil, "another": "other-api", "an empty array": []string{}, "an empty string": "", "an array of an empty string": []string{""},
		"a number": 1, "an object": map[string]any{"orders-api": true}, "an array of numbers": []int{1}, "null": json.RawMessage("null"),
	} {
		a.withClaims("aud is "+name, Claims{"aud": aud})
	}
	a.withClaims("sub is a number", Claims{"sub": 1})
	a.withClaims("no principal", Claims{"sub": nil})
}

// signatures adds what is signed wrongly.
func (a *attacker) signatures() {
	parts := strings.Split(a.good, ".")
	another := strings.Split(a.key.sign(nil, map[string]any{"sub": "somebody else"}), ".")
	admin := maps.Clone(a.claims)
	admin["sub"] = "admin"
	a.add("changed payload", parts[0]+"."+encode(mustJSON(admin))+"."+parts[2])
	a.add("changed header", encode(mustJSON(map[string]any{"alg": a.key.algorithm, "kid": a.key.id}))+"."+parts[1]+"."+parts[2])
	a.add("signature of another token", parts[0]+"."+parts[1]+"."+another[2])
	a.add("signed by a stranger", a.issuer.Forged(a.claims))
	a.add("signature cut short", a.good[:len(a.good)-8])
	signed := parts[0] + "." + parts[1]
	size := base64.RawURLEncoding.DecodedLen(len(parts[2]))
	a.add("signature of zeros", signed+"."+encode(make([]byte, size)))
	switch private := a.key.private.(type) {
	case *rsa.PrivateKey:
		a.rsaSignatures(private)
	case *ecdsa.PrivateKey:
		raw, _ := base64.RawURLEncoding.DecodeString(parts[2])
		r, s := new(big.Int).SetBytes(raw[:len(raw)/2]), new(big.Int).SetBytes(raw[len(raw)/2:])
		der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err == nil {
			a.add("signature in DER", signed+"."+encode(der))
		}
	case ed25519.PrivateKey:
	}
}

// rsaSignatures adds signatures of the other RSA schemes and, with PSS, of other salt lengths.
func (a *attacker) rsaSignatures(private *rsa.PrivateKey) {
	for _, algorithm := range []string{"RS256", "RS512", "PS256", "PS512"} {
		if algorithm != a.key.algorithm {
			other := signingKey{id: a.key.id, algorithm: algorithm, private: private}
			a.add("signed and declared as "+algorithm, other.sign(nil, a.claims))
			a.add("signed as "+algorithm+", declared as "+a.key.algorithm, other.sign(map[string]any{"alg": a.key.algorithm}, a.claims))
		}
	}
	hash, pss := map[string]crypto.Hash{"PS256": crypto.SHA256, "PS384": crypto.SHA384, "PS512": crypto.SHA512}[a.key.algorithm]
	if !pss {
		return
	}
	signed := a.good[:strings.LastIndexByte(a.good, '.')]
	digest := hash.New()
	digest.Write([]byte(signed))
	for _, salt := range []int{1, 20, 100} {
		signature, err := rsa.SignPSS(rand.Reader, private, hash, digest.Sum(nil), &rsa.PSSOptions{SaltLength: salt})
		if err == nil {
			a.add(fmt.Sprintf("PSS with a salt of %d bytes", salt), signed+"."+encode(signature))
		}
	}
}
