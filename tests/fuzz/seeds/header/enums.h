typedef enum __attribute__((packed)) dev_status {
	DEV_OK, /* fine */
	DEV_BUSY = 3 /* busy */,
	/* before */
	DEV_LOST, ///< lost
#ifdef MORE
	DEV_MORE = 1 << 4, // more
#else
	DEV_LESS,
#endif
	DEV_LAST,
	LIST(DEV_X)
	DEV_END = (unsigned char)~0 % 7
} dev_status_t;
enum class other : uint8_t { A = B, B = C, C = 0x7fffffffffffffff, D };
enum dev_status use(enum other x);
