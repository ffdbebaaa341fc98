using System.Net;

namespace Proxy.Host.Http;

/// <summary>An address of the admin endpoint. Its listener stays open while HTTP and TCP drain.</summary>
internal sealed class AdminAddress(IPAddress address, int port) : IPEndPoint(address, port);
