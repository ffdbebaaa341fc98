using System.Runtime.InteropServices;

namespace Proxy.Hooks.Processes;

/// <summary>A list of strings in the form that C functions expect: UTF-8, zero-terminated, the list terminated by null.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly nint[] _texts;

    public NativeStrings(IEnumerable<string> texts)
    {
        _texts = [.. texts.Select(Marshal.StringToCoTaskMemUTF8)];
        Pointers = (byte**)NativeMemory.AllocZeroed((nuint)_texts.Length + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < _texts.Length; i++)
        {
            Pointers[i] = (byte*)_texts[i];
        }
    }

    public byte** Pointers { get; }

    public void Dispose()
    {
        NativeMemory.Free(Pointers);
        foreach (var text in _texts)
        {
            Marshal.FreeCoTaskMem(text);
        }
    }
}
