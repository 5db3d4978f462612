/** Tells the task runner vt what the file system cannot show. */
module vt.client {
  exports vt.client;
}
