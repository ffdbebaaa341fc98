using System.Net;

namespace Proxy.Channels;

/// <summary>A bound address; disposing it stops accepting, and connections go on.</summary>
internal interface ILocalListener : IAsyncDisposable
{
    /// <summary>The address with its real port.</summary>
    IPEndPoint Address { get; }
}
