/* Codes of a device. */
#ifndef DEV_H
#define DEV_H

/* Return values. */
#define DEV_OK        0x00            /* It worked.                 */
#define DEV_BASE      ((UINT) 0x100)  /* Start of the
                                       * error codes.               */
#define DEV_BUSY      (DEV_BASE | 1)  // Try again
                                      // later.
#define DEV_LOST      (DEV_BASE + 2)  /**< The link is gone. */

/** @brief Too long. */
#define DEV_LONG \
	(DEV_BASE << 4 | 0b11)
#define DEV_AGAIN     DEV_BUSY
#define DEV_TAG       'DEV1'
#define DEV_TAB       '\t'
#define DEV_ALL       ~0u
#define DEV_NEGATIVE  (-1)
#define DEV_CHOICE    (DEV_OK == 0 && !DEV_OK ? 010 : 1 / 0)
#define DEV_TEXT      "text"
#define DEV_MAKE(x)   ((x) + DEV_BASE)
#define DEV_MADE      DEV_MAKE(3)
#endif
