namespace Proxy.ProxyProtocol;

/// <summary>A value of a PROXY protocol header of version 2.</summary>
/// <param name="Type">Its type, of which haproxy's proxy-protocol.txt, 2.2 has the known ones.</param>
/// <param name="Value">Its bytes.</param>
public readonly record struct ProxyTlv(byte Type, ReadOnlyMemory<byte> Value);
