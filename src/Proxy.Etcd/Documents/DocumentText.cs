using System.Diagnostics.CodeAnalysis;

namespace Proxy.Etcd.Documents;

/// <summary>The text of a document at one revision.</summary>
/// <param name="Bytes">The text, which is not changed.</param>
/// <param name="Revision">The revision of the engine that wrote it.</param>
[SuppressMessage("Performance", "CA1819", Justification = "Read as a whole, by readers of bytes.")]
internal sealed record DocumentText(byte[] Bytes, long Revision);
