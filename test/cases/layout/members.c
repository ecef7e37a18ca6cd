// Cases: C text, then what x86_64 gcc makes of it: `//=> struct s: size 6 align 1; a 0; b 8:20`, offsets in bits, `:width`.
struct node { struct node *next; unsigned char flags : 3; };
//=> struct node: size 16 align 8; next 0; flags 64:3

struct embeds { int a; struct { short b; union { char c; long d; }; }; char tail[]; };
//=> struct embeds: size 24 align 8; a 0; b 64; c 128; d 128; tail 192

typedef struct { int x, *y, z[2][3], (*f)(int, ...); } bundle_t;
struct uses { bundle_t one; char end; };
//=> struct uses: size 56 align 8; one 0; end 384

struct bits { unsigned a : 20, b : 20; int : 0; char c : 1; unsigned : 5; long d : 40; };
//=> struct bits: size 16 align 8; a 0:20; b 32:20; c 64:1; d 70:40

struct tight { char a; int b : 20; int c : 20; long d; } __attribute__((packed));
//=> struct tight: size 14 align 1; a 0; b 8:20; c 28:20; d 48

struct raised { char a; int b __attribute__((aligned(16))); short c; } __attribute__((__aligned__(32)));
//=> struct raised: size 32 align 32; a 0; b 128; c 160

#pragma pack(push, 2)
struct pragma { char a; long b; };
#pragma pack(pop)
struct after { char a; long b; };
//=> struct pragma: size 10 align 2; a 0; b 16
//=> struct after: size 16 align 8; a 0; b 64

enum size { SMALL = sizeof(struct { char c; }), LARGE = __builtin_offsetof(struct raised, b) - 9 };
struct bounds {
  char by_enum[LARGE], by_choice[__builtin_choose_expr(__builtin_types_compatible_p(int, int), 3, (void)0)];
  char by_generic[_Generic(1ul, int: 1, unsigned long: 7, default: 9)];
  char by_cast[(unsigned char)-1 > 0 ? sizeof(long) : 1], by_offset[(unsigned long)&((struct raised *)0)->c == 20];
  typeof(((struct embeds *)0)->d) copied;
};
//=> struct bounds: size 40 align 8; by_enum 0; by_choice 56; by_generic 80; by_cast 136; by_offset 200; copied 256

struct predeclared { char c; __uint128_t vregs[2]; __int128_t one; };
//=> struct predeclared: size 64 align 16; c 0; vregs 128; one 384
