namespace Proxy.Clusters.Services;

/// <summary>A server of a service.</summary>
/// <param name="Target">The name of its host, in small letters and without a dot at the end.</param>
/// <param name="Port">Its port.</param>
/// <param name="Priority">Those with the lowest number are used first.</param>
/// <param name="Weight">Its share among those of the same priority; 0 for a very small one.</param>
internal readonly record struct SrvRecord(string Target, int Port, int Priority, int Weight);
