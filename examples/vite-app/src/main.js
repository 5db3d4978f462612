import './style.css';
import { greeting } from './greeting';

const { VITE_GREETING = 'hello', MODE } = import.meta.env;

document.querySelector('#app').textContent = `${greeting(VITE_GREETING)} (${MODE})`;
