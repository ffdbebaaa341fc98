namespace Proxy.Etcd.Client;

/// <summary>A key with its value, as it is stored.</summary>
/// <param name="Key">The whole key.</param>
/// <param name="Value">The value.</param>
/// <param name="CreateRevision">The revision that created the key; a later value keeps it.</param>
/// <param name="ModRevision">The revision of this value.</param>
/// <param name="Lease">The lease that the key ends with; 0 for none.</param>
internal sealed record StoredKey(string Key, ReadOnlyMemory<byte> Value, long CreateRevision, long ModRevision, long Lease);
