import type { RecordedFrame } from "../../../profile.ts";

/** Lines of topic and payload; `{topic}` stands for the board's own. */
export const frames: readonly RecordedFrame[] = [
  {
    what: "a notification of the meter, then the status of its registers",
    source: "composed from the fields of the Shelly Gen2 API, EM and EMData",
    answer: [
      '{topic}/events/rpc {"src":"shellypro3em-000000000000","dst":"shellypro3em-000000000000/events","method":"NotifyStatus","params":{"ts":1795356200.12,"em:0":{"id":0,"a_current":2.751,"a_voltage":231.1,"a_act_power":601.1,"a_aprt_power":635.8,"a_pf":0.95,"a_freq":50.0,"b_current":0.412,"b_voltage":230.9,"b_act_power":-45.3,"b_aprt_power":95.1,"b_pf":0.48,"b_freq":50.0,"c_current":5.612,"c_voltage":231.7,"c_act_power":1278.4,"c_aprt_power":1300.3,"c_pf":0.98,"c_freq":50.0,"n_current":null,"total_current":8.775,"total_act_power":1834.2,"total_aprt_power":2031.2,"user_calibrated_phase":[]}}}',
      '{topic}/status/emdata:0 {"id":0,"a_total_act_energy":3403827.41,"a_total_act_ret_energy":0.00,"b_total_act_energy":3403827.46,"b_total_act_ret_energy":11.20,"c_total_act_energy":3403827.43,"c_total_act_ret_energy":0.30,"total_act":10211482.30,"total_act_ret":11.50}',
    ].join("\n"),
    expect: {
      power: "1834.2",
      power_l2: "-45.3",
      voltage_l1: "231.1",
      current_l3: "5.612",
      frequency: "50.0",
      energy_import: "10211482.30",
      energy_export: "11.50",
    },
  },
];
