;; What row_sums.js adds up, four numbers at a time. The bytes there are what `wat2wasm` makes of this
;; file, as base64; tests/test_javascript.py compares them.
(module
  (import "network" "memory" (memory 1))
  ;; to[m] += sum over i of factors[i] * weights[starts[i] + m], for all m < run and i < count.
  ;; to, weights, factors and starts are addresses in bytes. A few outputs stay in registers while all
  ;; i are added to them: sixteen, then four, then one.
  (func (export "addRows")
    (param $to i32) (param $run i32) (param $weights i32)
    (param $factors i32) (param $starts i32) (param $count i32)
    (local $end i32) ;; of the factors
    (local $apart i32) ;; from a factor to where its weights begin
    (local $i i32) (local $row i32) (local $factor v128) (local $one f32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $end (i32.add (local.get $factors) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $apart (i32.sub (local.get $starts) (local.get $factors)))

    (block $done (loop $sixteen
      (br_if $done (i32.lt_s (local.get $run) (i32.const 16)))
      (local.set $a (v128.load (local.get $to)))
      (local.set $b (v128.load offset=16 (local.get $to)))
      (local.set $c (v128.load offset=32 (local.get $to)))
      (local.set $d (v128.load offset=48 (local.get $to)))
      (local.set $i (local.get $factors))
      (block $summed (loop $next
        (br_if $summed (i32.ge_u (local.get $i) (local.get $end)))
        (local.set $factor (v128.load32_splat (local.get $i)))
        (local.set $row (i32.add (local.get $weights)
          (i32.shl (i32.load (i32.add (local.get $i) (local.get $apart))) (i32.const 2))))
        (local.set $a (f32x4.add (local.get $a)
          (f32x4.mul (local.get $factor) (v128.load (local.get $row)))))
        (local.set $b (f32x4.add (local.get $b)
          (f32x4.mul (local.get $factor) (v128.load offset=16 (local.get $row)))))
        (local.set $c (f32x4.add (local.get $c)
          (f32x4.mul (local.get $factor) (v128.load offset=32 (local.get $row)))))
        (local.set $d (f32x4.add (local.get $d)
          (f32x4.mul (local.get $factor) (v128.load offset=48 (local.get $row)))))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br $next)))
      (v128.store (local.get $to) (local.get $a))
      (v128.store offset=16 (local.get $to) (local.get $b))
      (v128.store offset=32 (local.get $to) (local.get $c))
      (v128.store offset=48 (local.get $to) (local.get $d))
      (local.set $to (i32.add (local.get $to) (i32.const 64)))
      (local.set $weights (i32.add (local.get $weights) (i32.const 64)))
      (local.set $run (i32.sub (local.get $run) (i32.const 16)))
      (br $sixteen)))

    (block $done (loop $four
      (br_if $done (i32.lt_s (local.get $run) (i32.const 4)))
      (local.set $a (v128.load (local.get $to)))
      (local.set $i (local.get $factors))
      (block $summed (loop $next
        (br_if $summed (i32.ge_u (local.get $i) (local.get $end)))
        (local.set $row (i32.add (local.get $weights)
          (i32.shl (i32.load (i32.add (local.get $i) (local.get $apart))) (i32.const 2))))
        (local.set $a (f32x4.add (local.get $a)
          (f32x4.mul (v128.load32_splat (local.get $i)) (v128.load (local.get $row)))))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br $next)))
      (v128.store (local.get $to) (local.get $a))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (local.set $weights (i32.add (local.get $weights) (i32.const 16)))
      (local.set $run (i32.sub (local.get $run) (i32.const 4)))
      (br $four)))

    (block $done (loop $one_by_one
      (br_if $done (i32.eqz (local.get $run)))
      (local.set $one (f32.load (local.get $to)))
      (local.set $i (local.get $factors))
      (block $summed (loop $next
        (br_if $summed (i32.ge_u (local.get $i) (local.get $end)))
        (local.set $row (i32.add (local.get $weights)
          (i32.shl (i32.load (i32.add (local.get $i) (local.get $apart))) (i32.const 2))))
        (local.set $one (f32.add (local.get $one)
          (f32.mul (f32.load (local.get $i)) (f32.load (local.get $row)))))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br $next)))
      (f32.store (local.get $to) (local.get $one))
      (local.set $to (i32.add (local.get $to) (i32.const 4)))
      (local.set $weights (i32.add (local.get $weights) (i32.const 4)))
      (local.set $run (i32.sub (local.get $run) (i32.const 1)))
      (br $one_by_one)))))
