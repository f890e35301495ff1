import { code } from 'currency-codes'

export const isCurrency = (text: string): boolean => code(text)?.code === text
export const currencyDigits = (text: string): number => code(text)?.digits ?? 2
