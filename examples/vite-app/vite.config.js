import { defineConfig } from 'vite';

// Nothing about caching here: Vite itself tells vt what it depends on.
export default defineConfig({});
