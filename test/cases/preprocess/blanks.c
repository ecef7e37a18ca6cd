/* Blanks inside what # makes, and the comma before ##: white space of empty arguments goes to whatever follows. */
#define S(...) S_(__VA_ARGS__)
#define S_(...) #__VA_ARGS__
#define R(...) #__VA_ARGS__
#define EMPTY
#define A(p,q) R(x p(q))
#define B(p,q) S(x p(q))
#define C(p,q) S(p(q))
#define D(p,q) S(p (q))
#define F(p,q) S(x p)q
#define G(p,q) S(x p q)
#define H(p,q) S(xp q+p+q)
#define I(p) p [1]
#define J(p)p
#define K(p) x p
A(,b) A(a,b) A(EMPTY,b)
B(,b) B(a,b) B(EMPTY,b)
C(,b) D(,b) D(EMPTY,b) S(y C(,b)) S(y I()) S(y I(EMPTY)) S(yI()) S((I()))
F(,z) G(,z) G(,) H(,c) H(EMPTY,)
S(J()z) S(a J()z) S(a J( )z) S(K()z) S(K()+K()z) S((K())z) S(a K() z)
S(a J(EMPTY)z) S(aJ()) S(+J() z) S(-K(EMPTY)z) S(a EMPTY+EMPTY b) S(EMPTY (EMPTY)) S(K(J())z) S(K( J() )z)
R(EMPTY a J() b) S(( J() ) ( J(EMPTY)) (J( ) ))
S(a/**/b J
(1) c)
#define L(p,q) R2(x p##q y) S(x p ## q) S(x q## p z) S(p ## q z) S(x p##y) S(x p ## y) S( p##y)
#define R2(...) S(__VA_ARGS__)
L(,) L(a,) L(,b)
#define Q(a) S(a+) S(- a +) S(a a)
Q(K()) Q(J()) Q(EMPTY) Q(K() EMPTY) Q(( EMPTY ))
#define V(f, ...) S(f __VA_ARGS__ + f, ##__VA_ARGS__) S(x __VA_OPT__( y)z)
V(a) V(a,) V(a,b) V(EMPTY) V(,)
#define M1 K()
S(M1 z) S(M1) S(a M1+M1) S(M1
z) S(K(
) z)
S(K)() S(K
()z)
#define W(...) S(f, ##__VA_ARGS__) R2(f, ##__VA_ARGS__;)
#define W2(a, b...) S(f, ##b) S(f , ## b g)
W() W(a) W(,) W(EMPTY) W2(a) W2(a,) W2() W2(a,EMPTY) W2(a, b, c) W2(,)
L(, b) L( a,b) L( a , b ) W2(,  b) S(L( , b ) z)

/* A spliced line is no white space. */
#define OFF(t) (t / 32)
#define BE(x) ((__u32)(( u32)(__be32)(x)))
#define G1(p) (p +\
OFF(p))
#define G2(p) (p +\
p)
#define G3(p) BE(p +\
OFF(p))
#define G4(p) BE(*((__be32 *)(p) +\
OFF(p))) >> 1
S(G1(1)) S(G2(1)) S(G3(1)) S(G4(1)) S(a +\
b) S(a+\
OFF(2))
#define R3(x) #x
#define G5(p) R3(p +\
OFF(p))
G5(1)
#define SPLICED\
(x) x+1
S(SPLICED(2))
