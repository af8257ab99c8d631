export { NativeBackend, type NativeOptions } from "./native-backend.ts";
