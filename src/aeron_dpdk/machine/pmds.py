"""Which of DPDK's poll-mode drivers runs a NIC (DPDK: "Network Interface Controller Drivers")."""

from aeron_dpdk.machine.facts.nics import Nic

BY_KERNEL_DRIVER = {
    "amd_xgbe": "net_axgbe",
    "atlantic": "net_atlantic",
    "bnx2x": "net_bnx2x",
    "bnxt_en": "net_bnxt",
    "cxgb4": "net_cxgbe",
    "e1000": "net_e1000_em",
    "e1000e": "net_e1000_em",
    "ena": "net_ena",
    "enic": "net_enic",
    "fm10k": "net_fm10k",
    "gve": "net_gve",
    "hinic": "net_hinic",
    "hns3": "net_hns3",
    "i40e": "net_i40e",
    "iavf": "net_iavf",
    "ice": "net_ice",
    "idpf": "net_idpf",
    "igb": "net_e1000_igb",
    "igbvf": "net_e1000_igb_vf",
    "igc": "net_igc",
    "ionic": "net_ionic_pci",
    "ixgbe": "net_ixgbe",
    "ixgbevf": "net_ixgbe_vf",
    "mana": "net_mana",
    "mlx4_core": "net_mlx4",
    "mlx5_core": "net_mlx5",
    "nfp": "net_nfp_pf",
    "ngbe": "net_ngbe",
    "qede": "net_qede",
    "sfc": "net_sfc_efx",
    "txgbe": "net_txgbe",
    "virtio_pci": "net_virtio",
    "vmxnet3": "net_vmxnet3",
}


def pmd_of(nic: Nic, former_driver: str | None) -> str | None:
    """By the kernel's driver for the same device: the present, the former or an installed one."""
    for driver in (nic.driver, former_driver, *nic.modules):
        found = BY_KERNEL_DRIVER.get((driver or "").replace("-", "_"))
        if found is not None:
            return found
    return None
